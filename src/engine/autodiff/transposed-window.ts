import type { ForwardNode } from './gradient-rule.js';
import type { Window } from './window.js';

/**
 * The window of a `ConvTranspose`. Its pads are what the lengths of its input and output imply, so that `auto_pad`,
 * `output_shape` and `output_padding` need no cases of their own: elements that `output_padding` adds come from nothing, and
 * the convolution back does not read them.
 *
 * Spec: https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
 */
export function transposedWindowOf(node: ForwardNode): Window {
  const kernel = node.input(1).shape.slice(2);
  const ones = kernel.map(() => 1);
  const [strides, dilations] = [node.ints('strides', ones), node.ints('dilations', ones)];
  const [from, to] = [node.input(0).shape.slice(2), node.output(0).shape.slice(2)];
  const extra = node.ints(
    'output_padding',
    kernel.map(() => 0),
  );
  const mode = node.string('auto_pad', 'NOTSET');
  const isImplied = mode !== 'NOTSET' || node.attributes().has('output_shape');
  const given = node.ints(
    'pads',
    [...kernel, ...kernel].map(() => 0),
  );
  const begins = kernel.map((size, i) => {
    if (!isImplied) return given[i] as number;
    if (mode === 'VALID') return 0;
    const reach = (dilations[i] as number) * (size - 1) + 1;
    const full = ((from[i] as number) - 1) * (strides[i] as number) + reach + (extra[i] as number);
    const total = Math.max(0, full - (to[i] as number));
    return mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
  });
  // The end is padded, or cut, so that the convolution back has exactly the input's length.
  const ends = kernel.map((size, i) => {
    const reach = (dilations[i] as number) * (size - 1) + 1;
    return ((from[i] as number) - 1) * (strides[i] as number) + reach - (begins[i] as number) - (to[i] as number);
  });
  return { kernel, strides, dilations, pads: [...begins, ...ends] };
}
