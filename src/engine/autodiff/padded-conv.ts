import type { AttributeInputs, GraphBuilder, Value } from '../onnx/graph.js';
import { padded, range } from './emit.js';

/** A convolution whose pads may be negative: `Conv` takes none, so that what they take away is cut off first. */
export function paddedConv(
  g: GraphBuilder,
  input: Value,
  weight: Value,
  pads: readonly number[],
  attributes: AttributeInputs,
): Value {
  const rank = pads.length / 2;
  const cut = (pad: number | undefined): number => Math.min(pad as number, 0);
  const cuts = range(rank).map((i) => ({ axis: i + 2, begin: cut(pads[i]), end: cut(pads[i + rank]) }));
  return g.op('Conv', [padded(g, input, cuts), weight], { ...attributes, pads: pads.map((pad) => Math.max(pad, 0)) });
}
