import { sizeOf } from '../../tensor/shape.js';
import { toRuntime } from '../convert.js';
import type { RuntimeTensor, SessionValue } from './session.js';

/** Length that an axis is tried with where the graph takes any. */
export const SAMPLE_LENGTH = 64;

/** Whether an axis has a length that the file states. */
export const isLength = (axis: number | string | undefined): axis is number => typeof axis === 'number' && axis > 0;

/**
 * Something that an input takes: one example, of the lengths that the file states.
 *
 * @param value of all elements, in turn
 * @param lengthOf the length of an axis that the file leaves open
 */
export function sampleInput(
  { shape, dataType }: SessionValue,
  value: readonly number[] = [0],
  lengthOf: (axis: number) => number = () => SAMPLE_LENGTH,
): RuntimeTensor {
  const lengths = shape.map((axis, i) => (isLength(axis) ? axis : i === 0 ? 1 : lengthOf(i)));
  const values = Float32Array.from({ length: sizeOf(lengths) }, (_, i) => value[i % value.length] as number);
  return toRuntime(values, lengths, dataType);
}
