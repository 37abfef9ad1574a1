import { EngineError } from '../errors.js';
import type { ModelInfo } from '../models/model-info.js';
import type { ExtraInputs, Plan } from '../models/network.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { Example } from './examples.js';

/** Numbers of examples that programs are made for. */
export const BUCKETS = [1, 2, 4, 8, 16] as const;

/**
 * Most multiplications of a forward pass in one native call, so that a call, forward and backward, takes about 250 ms on
 * two cores. A constant, and not a timing: the batch size decides the last bits of a result.
 */
const MAX_MULTIPLY_ADDS = 12e9;

/** What decides how many examples run together. */
export interface BatchRule {
  readonly plan: Plan;
  /** Number of examples that the graph takes at once; `undefined` where any. */
  readonly fixedBatch: number | undefined;
  /** What a replay asks for. */
  readonly forced: number | undefined;
  /** Whether the size is that of many examples, however few there are. */
  readonly full?: boolean;
  readonly memoryBudgetBytes: number;
}

/**
 * How many of `count` rows run together: the smallest bucket that holds them all, but no more than one native call and the
 * memory budget allow.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when a replay asks for what the graph does not take.
 */
export function batchSizeFor(count: number, rule: BatchRule): number {
  const { plan, fixedBatch, forced, full = false, memoryBudgetBytes } = rule;
  if (forced !== undefined && forced !== (fixedBatch ?? forced)) {
    const violations = [
      { field: 'batch_size', description: `expected ${fixedBatch}, which the graph is fixed to, got ${forced}` },
    ];
    throw new EngineError('INVALID_REQUEST', `batch_size: ${violations[0]?.description}`, { violations });
  }
  if (forced !== undefined) return forced;
  if (fixedBatch !== undefined) return fixedBatch;
  const allowed = BUCKETS.filter(
    (size) => size * plan.multiplyAdds <= MAX_MULTIPLY_ADDS && plan.memoryBytes(size) <= memoryBudgetBytes,
  );
  const largest = allowed.at(-1) ?? 1;
  return full ? largest : (BUCKETS.find((size) => size >= count && size <= largest) ?? largest);
}

/** How often an attack begins anew. */
export interface Tries {
  readonly restarts: number;
  readonly earlyStop: boolean;
}

/**
 * How many tries of each example run together as rows of one batch. One after the other where an example that is broken is left
 * alone, for further tries may never be needed. Every row draws by its key and its try, so that results do not depend on it.
 */
export const triesTogether = ({ restarts, earlyStop }: Tries, examples: number, batchSize: number): number =>
  earlyStop ? 1 : Math.max(1, Math.min(restarts, Math.floor(batchSize / examples)));

/**
 * The size of `batchSizeFor`, or the largest one in which tries run together without more rows in all: padding costs as much as
 * an example, and a batch of two takes hardly less than twice the time of one.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when a replay asks for what the graph does not take.
 */
export function batchSizeForTries(examples: number, tries: Tries, rule: BatchRule): number {
  const alone = batchSizeFor(examples, rule);
  const isGiven = rule.forced !== undefined || rule.fixedBatch !== undefined || rule.full;
  if (tries.earlyStop || isGiven) return alone;
  const largest = batchSizeFor(examples * tries.restarts, rule);
  const rows = (size: number): number => size * Math.ceil(tries.restarts / triesTogether(tries, examples, size));
  return BUCKETS.filter((size) => size > alone && size <= largest).reduce<number>(
    (best, size) => (rows(size) <= rows(best) ? size : best),
    alone,
  );
}

/** Examples of one shape, in their order. */
export function groupByShape(examples: readonly Example[]): readonly (readonly Example[])[] {
  const groups = new Map<string, Example[]>();
  for (const example of examples) {
    const key = example.shape.join('×');
    groups.set(key, [...(groups.get(key) ?? []), example]);
  }
  return [...groups.values()];
}

/** `items` in runs of at most `size`. */
export function chunk<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}

/** `rows` of one size as a tensor of `batchSize` rows; the first is repeated where there are fewer. */
export function stack(rows: readonly Float32Array[], shape: Shape, batchSize: number): Tensor {
  const [first] = rows;
  if (first === undefined) throw new EngineError('INTERNAL', 'expected at least one row, got none');
  const data = new Float32Array(first.length * batchSize);
  for (let n = 0; n < batchSize; n++) data.set(rows[n] ?? first, n * first.length);
  return { data, shape: [batchSize, ...shape] };
}

/** Shapes of the inputs that are not attacked, without the batch axis. */
export const extraInputShapes = ({ extraInputs }: ModelInfo): ReadonlyMap<string, Shape> =>
  new Map(extraInputs.map(({ name, shape }) => [name, shape]));

/** The inputs that are not attacked, for `batchSize` rows. */
export function stackExtraInputs(
  examples: readonly Example[],
  shapes: ReadonlyMap<string, Shape>,
  batchSize: number,
): ExtraInputs {
  const names = [...(examples[0]?.extraInputs.keys() ?? [])];
  return new Map(
    names.map((name): [string, Tensor] => {
      const rows = examples.map(({ extraInputs }) => extraInputs.get(name) ?? new Float32Array());
      return [name, stack(rows, resolved(shapes.get(name) ?? [-1], rows[0]?.length ?? 0), batchSize)];
    }),
  );
}

/** A declared shape with what `size` elements leave for an unknown length. */
const resolved = (shape: Shape, size: number): Shape => {
  const known = shape.reduce((product, n) => (n === -1 ? product : product * n), 1);
  return shape.map((n) => (n === -1 ? size / known : n));
};
