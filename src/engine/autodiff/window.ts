import { range } from './emit.js';
import type { ForwardNode } from './gradient-rule.js';
import { unsupported } from './unsupported.js';

/** How a convolution or a pool moves over its input; one number per spatial axis, two per axis for pads. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** All begins, then all ends. */
  readonly pads: readonly number[];
}

/**
 * The window of a node whose spatial lengths are known, whatever way it states its pads.
 *
 * @param from spatial lengths of the larger tensor, which is padded: the input of a convolution or a pool
 * @param to spatial lengths of the smaller one
 */
export function windowOf(
  node: ForwardNode,
  kernel: readonly number[],
  from: readonly number[],
  to: readonly number[],
): Window {
  const ones = kernel.map(() => 1);
  const strides = node.ints('strides', ones);
  const dilations = node.ints('dilations', ones);
  return { kernel, strides, dilations, pads: padsOf(node, { kernel, strides, dilations }, from, to) };
}

/** Spec: `auto_pad` of https://onnx.ai/onnx/operators/onnx__Conv.html */
function padsOf(
  node: ForwardNode,
  { kernel, strides, dilations }: Omit<Window, 'pads'>,
  from: readonly number[],
  to: readonly number[],
): readonly number[] {
  const zeros = [...kernel, ...kernel].map(() => 0);
  const mode = node.string('auto_pad', 'NOTSET');
  if (mode === 'NOTSET') return node.ints('pads', zeros);
  if (mode === 'VALID') return zeros;
  if (mode !== 'SAME_UPPER' && mode !== 'SAME_LOWER') throw unsupported(node, `auto_pad ${mode}`);
  const totals = range(kernel.length).map((i) => {
    const reach = (dilations[i] as number) * ((kernel[i] as number) - 1) + 1;
    return Math.max(0, ((to[i] as number) - 1) * (strides[i] as number) + reach - (from[i] as number));
  });
  const begins = totals.map((total) => (mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2)));
  return [...begins, ...totals.map((total, i) => total - (begins[i] as number))];
}

/**
 * What a transposed convolution by the same window must add at the ends to give back the lengths `from`:
 * 0 … stride − 1, or less than 0 where the window overhangs the end.
 */
export const outputPadding = (
  { kernel, strides, dilations, pads }: Window,
  from: readonly number[],
  to: readonly number[],
): readonly number[] =>
  range(kernel.length).map((i) => {
    const reach = (dilations[i] as number) * ((kernel[i] as number) - 1) + 1;
    const covered = ((to[i] as number) - 1) * (strides[i] as number) + reach;
    return (from[i] as number) - (covered - (pads[i] as number) - (pads[i + kernel.length] as number));
  });
