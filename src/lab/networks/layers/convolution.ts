import { type Draft, type Feature, first, intsOf, unsupported, zeroPadded } from './draft.js';

/** `Conv`: one layer, and one more where it pads in a way of its own. */
export function convolution(draft: Draft): Feature {
  const { node, constant } = draft;
  const { values, shape } = constant(1);
  const [outputs = 0, groupInputs = 0, ...kernel] = shape as [number, number, number, number];
  const ints = intsOf(node);
  const [strides, dilations, pads] = [ints('strides', [1, 1]), ints('dilations', [1, 1]), ints('pads', [0, 0, 0, 0])];
  const [group = 1] = ints('group', [1]);
  const isDepthwise = group > 1;
  if (isDepthwise && (groupInputs !== 1 || dilations.some((d) => d !== 1)))
    throw unsupported(node, 'one group, or a group for each channel without dilation');
  const { padding, input } = padded(draft, kernel, strides, dilations, pads);
  const [height = 0, width = 0] = input.shape;
  const lengths = [height, width].map((n, i) => {
    const reach = ((kernel[i] as number) - 1) * (dilations[i] as number);
    return Math.floor(((padding === 'same' ? n : n - reach) - 1) / (strides[i] as number)) + 1;
  });
  const weights = new Float32Array(values.length);
  // [M, C, h, w] as [h, w, C, M]; depthwise, M = C · multiplier, as [h, w, C, multiplier].
  const positions = (kernel[0] as number) * (kernel[1] as number);
  for (let m = 0; m < outputs; m++)
    for (let c = 0; c < groupInputs; c++)
      for (let k = 0; k < positions; k++)
        weights[(k * groupInputs + c) * outputs + m] = values[(m * groupInputs + c) * positions + k] as number;
  const common = {
    kernel_size: kernel,
    strides,
    padding,
    dilation_rate: dilations,
    data_format: 'channels_last',
    activation: 'linear',
  };
  const hasBias = node.inputs.length > 2;
  const bias = hasBias ? [{ name: 'bias', shape: [outputs], values: Float32Array.from(constant(2).values) }] : [];
  if (isDepthwise) {
    const multiplier = outputs / group;
    return draft.layer(
      'DepthwiseConv2D',
      { ...common, depth_multiplier: multiplier, use_bias: hasBias },
      [input],
      [...lengths, outputs],
      [{ name: 'depthwise_kernel', shape: [...kernel, group, multiplier], values: weights }, ...bias],
    );
  }
  return draft.layer(
    'Conv2D',
    { ...common, filters: outputs, use_bias: hasBias },
    [input],
    [...lengths, outputs],
    [{ name: 'kernel', shape: [...kernel, groupInputs, outputs], values: weights }, ...bias],
  );
}

/** TF.js pads as much as keeps the size, or not at all: all else is a layer of its own. */
function padded(
  draft: Draft,
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  pads: readonly number[],
): { readonly padding: 'same' | 'valid'; readonly input: Feature } {
  const input = first(draft);
  if (pads.every((pad) => pad === 0)) return { padding: 'valid', input };
  const keeps = strides.every((stride) => stride === 1);
  const isSame = pads.every((pad, i) => 2 * pad === ((kernel[i % 2] as number) - 1) * (dilations[i % 2] as number));
  if (keeps && isSame) return { padding: 'same', input };
  return { padding: 'valid', input: zeroPadded(draft, pads) };
}
