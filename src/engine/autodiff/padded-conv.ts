import type { AttributeInputs, GraphBuilder, Value } from '../onnx/graph.js';

/** A convolution whose pads may be negative: `Conv` takes none, so that what they take away is cut off first. */
export function paddedConv(
  g: GraphBuilder,
  input: Value,
  weight: Value,
  pads: readonly number[],
  attributes: AttributeInputs,
): Value {
  const axes = g.integers(pads.slice(pads.length / 2).map((_, i) => i + 2));
  const cut = g.integers(pads.map((pad) => Math.min(pad, 0)));
  const inner = pads.some((pad) => pad < 0) ? g.op('Pad', [input, cut, undefined, axes]) : input;
  return g.op('Conv', [inner, weight], { ...attributes, pads: pads.map((pad) => Math.max(pad, 0)) });
}
