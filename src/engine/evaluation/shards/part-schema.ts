import { z } from 'zod';
import type { MetricPart } from '../../metrics/metric.js';

/** A number that may be no finite one, which JSON cannot say. */
const anyNumber = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]).transform((value) => Number(value));

const count = z.int().min(0);

/** Confusion matrices are mostly zeros: `cells` lists those that are not, each place before its number. */
const confusion = z.strictObject({ size: count, cells: z.array(count) }).transform(({ size, cells }) => {
  const matrix = new Array<number>(size).fill(0);
  for (let i = 0; i < cells.length; i += 2) matrix[cells[i] as number] = cells[i + 1] as number;
  return matrix;
});

/** A `MetricPart` as a line has it. */
export const partSchema = z
  .strictObject({ count, sum: anyNumber, confusion: confusion.optional() })
  .transform(
    ({ count: n, sum, confusion: matrix }): MetricPart => ({ count: n, sum, ...(matrix && { confusion: matrix }) }),
  );

/** The inverse of `partSchema`. */
export function encodePart({ count: n, sum, confusion: matrix }: MetricPart): unknown {
  const finite = Number.isFinite(sum) ? sum : String(sum);
  if (matrix === undefined) return { count: n, sum: finite };
  const cells = matrix.flatMap((value, i) => (value === 0 ? [] : [i, value]));
  return { count: n, sum: finite, confusion: { size: matrix.length, cells } };
}
