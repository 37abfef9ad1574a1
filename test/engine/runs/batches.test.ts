import test from 'ava';
import { EngineError } from '../../../src/engine/errors.js';
import {
  batchSizeFor,
  batchSizeForTries,
  chunk,
  groupByShape,
  stack,
  triesTogether,
} from '../../../src/engine/runs/batches.js';

const plan = (multiplyAdds: number, bytesPerExample = 1) => ({
  multiplyAdds,
  memoryBytes: (size: number) => size * bytesPerExample,
  outputShapes: new Map(),
});
const rule = { plan: plan(1e6), fixedBatch: undefined, forced: undefined, memoryBudgetBytes: 1000 };

test('the smallest bucket that holds all examples is taken', (t) => {
  t.deepEqual(
    [1, 2, 3, 5, 9, 16, 40].map((count) => batchSizeFor(count, rule)),
    [1, 2, 4, 8, 16, 16, 16],
  );
});

test('no more than a native call or the memory budget allows, but at least one', (t) => {
  t.is(batchSizeFor(16, { ...rule, plan: plan(2e9) }), 4);
  t.is(batchSizeFor(16, { ...rule, plan: plan(1e12) }), 1);
  t.is(batchSizeFor(16, { ...rule, plan: plan(1, 300) }), 2);
});

test('a graph of a fixed batch has that batch, and a replay what it asks for', (t) => {
  t.is(batchSizeFor(1, { ...rule, fixedBatch: 2 }), 2);
  t.is(batchSizeFor(1, { ...rule, forced: 8 }), 8);
  const error = t.throws(() => batchSizeFor(1, { ...rule, fixedBatch: 2, forced: 8 }), { instanceOf: EngineError });
  t.is(error.message, 'batch_size: expected 2, which the graph is fixed to, got 8');
});

const tries = (restarts: number, earlyStop = false) => ({ restarts, earlyStop });

test('tries run together where that takes no more rows than one after the other', (t) => {
  const sizes = (examples: number) => [1, 2, 3, 4, 5, 8, 20].map((n) => batchSizeForTries(examples, tries(n), rule));
  t.deepEqual(sizes(1), [1, 2, 1, 4, 1, 8, 4]);
  t.deepEqual(sizes(3), [4, 8, 4, 16, 16, 16, 16]);
  t.deepEqual(sizes(16), [16, 16, 16, 16, 16, 16, 16]);
});

test('tries run one after the other where broken examples are left alone, and in the size that a replay or the graph has', (t) => {
  t.is(batchSizeForTries(1, tries(4, true), rule), 1);
  t.is(batchSizeForTries(1, tries(4), { ...rule, forced: 2 }), 2);
  t.is(batchSizeForTries(1, tries(4), { ...rule, fixedBatch: 8 }), 8);
  t.is(batchSizeForTries(1, tries(4), { ...rule, plan: plan(6e9) }), 2);
});

test('a batch holds as many tries of its examples as fit, and no more than there are', (t) => {
  t.deepEqual(
    [1, 3, 8, 9].map((examples) => triesTogether(tries(4), examples, 8)),
    [4, 2, 1, 1],
  );
  t.is(triesTogether(tries(4, true), 1, 8), 1);
});

test('a stack repeats its first row where rows are missing', (t) => {
  const rows = [Float32Array.of(1, 2), Float32Array.of(3, 4)];
  t.deepEqual(stack(rows, [2], 3), { data: Float32Array.of(1, 2, 3, 4, 1, 2), shape: [3, 2] });
});

test('examples of one shape come together, in their order', (t) => {
  const example = (key: string, ...shape: number[]) => ({
    key,
    shape,
    clean: new Float32Array(),
    isWhole: true,
    extraInputs: new Map(),
    labels: new Map(),
  });
  const groups = groupByShape([example('a', 1, 2), example('b', 2, 1), example('c', 1, 2)]);
  t.deepEqual(
    groups.map((group) => group.map(({ key }) => key)),
    [['a', 'c'], ['b']],
  );
  t.deepEqual(chunk([1, 2, 3], 2), [[1, 2], [3]]);
});
