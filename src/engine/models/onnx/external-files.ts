import { EngineError } from '../../errors.js';
import type { ExternalLocation, ReadExternal } from '../../onnx/decode-tensor.js';

/** Reads tensors from the files that came with a model, and from no others. */
export function readExternalFrom(files: ReadonlyMap<string, Uint8Array>): ReadExternal {
  return (place) => {
    const file = files.get(place.location);
    if (file === undefined) {
      throw new EngineError('INVALID_MODEL', `expected a file for ${describePlace(place)}, got none`);
    }
    return file.subarray(place.offset, endOf(place, file.length));
  };
}

/**
 * Where a tensor ends in a file of `sizeBytes`.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when that is beyond the end of the file.
 */
export function endOf(place: ExternalLocation, sizeBytes: number): number {
  const { offset, length } = place;
  const end = length === undefined ? Math.max(offset, sizeBytes) : offset + length;
  if (end > sizeBytes) {
    throw new EngineError(
      'INVALID_MODEL',
      `expected ${end} bytes or more for ${describePlace(place)}, got ${sizeBytes}`,
    );
  }
  return end;
}

/** A tensor and its file, as messages call them. */
export const describePlace = ({ tensor, location }: Pick<ExternalLocation, 'tensor' | 'location'>): string =>
  `tensor ${tensor || 'without a name'} in ${location}`;
