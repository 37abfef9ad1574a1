import { type Draft, type Feature, first, intsOf, unsupported, zeroPadded } from './draft.js';

/** `MaxPool`: without padding, or behind a rectifier, where zeros around are never larger than what is there. */
export function maxPool(draft: Draft): Feature {
  const ints = intsOf(draft.node);
  const [kernel, strides] = [ints('kernel_shape', []), ints('strides', [1, 1])];
  const pads = ints('pads', [0]);
  const isPadded = pads.some((pad) => pad !== 0);
  if (isPadded && draft.source !== 'Relu') throw unsupported(draft.node, 'a pool without padding, or behind Relu');
  const input = isPadded ? zeroPadded(draft, pads) : first(draft);
  const [height = 0, width = 0, channels = 0] = input.shape;
  const lengths = [height, width].map((n, i) => Math.floor((n - (kernel[i] as number)) / (strides[i] as number)) + 1);
  const config = { pool_size: kernel, strides, padding: 'valid', data_format: 'channels_last' };
  return draft.layer('MaxPooling2D', config, [input], [...lengths, channels]);
}
