import { arrayOf, type Tensor } from '../clients/index.js';
import { encodeNpy, encodePng } from '../engine/index.js';

/** A tensor without its message, e.g. a payload. */
export interface ReplyTensor {
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** A tensor of a reply with its shape as numbers. */
export const replyTensor = ({ datatype, shape, data }: Tensor): ReplyTensor => ({
  datatype,
  shape: shape.map(Number),
  data,
});

/** A .npy file of a tensor. */
export const npyOf = (tensor: ReplyTensor): Uint8Array => encodeNpy({ data: arrayOf(tensor), shape: tensor.shape });

/** A file for predicted classes: a greyscale PNG of class numbers for a map, .npy for anything else. */
export function labelFile(tensor: ReplyTensor): { readonly extension: string; readonly data: Uint8Array } {
  const [height = 0, width = 0, ...rest] = tensor.shape;
  if (tensor.datatype !== 'UINT8' || width === 0 || rest.length > 0) return { extension: 'npy', data: npyOf(tensor) };
  return { extension: 'png', data: encodePng({ width, height, channels: 1, data: tensor.data }) };
}
