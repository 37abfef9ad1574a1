import test from 'ava';
import {
  type ComparedResult,
  compareWithBaseline,
} from '../../../../src/engine/evaluation/baseline/compare-with-baseline.js';
import type { FigureTask } from '../../../../src/engine/evaluation/figures.js';
import { exampleSums, reduceEvaluation } from '../../../../src/engine/evaluation/reduce.js';
import type { EvaluationIdentity } from '../../../../src/engine/evaluation/result.js';
import type { MetricPart } from '../../../../src/engine/metrics/metric.js';
import { keyedRandom } from '../../../../src/engine/tensor/random.js';
import { evaluationRow, identityOf, one, rowTask } from '../../../support/evaluation-rows.js';

const suite = ['fgsm(eps=4)@sum(t=1)'];
const task = (change: Partial<FigureTask>): FigureTask => ({
  name: 't',
  kind: 'classification',
  labelForm: 'class',
  metric: 'accuracy',
  unit: '',
  classes: [],
  ...change,
});
const classification = task({});
const depth = task({ kind: 'depth', labelForm: 'numbers', metric: 'absolute-error', unit: 'm' });
const perfect = { count: 20, sum: 20, confusion: [10, 0, 0, 10] };
const segmentation = task({ kind: 'semantic-segmentation', labelForm: 'class-map', metric: 'miou' });

/** A result whose examples have these parts under attack; without it all are alike. */
function resultOf(
  of: FigureTask,
  parts: readonly MetricPart[],
  change: Partial<EvaluationIdentity> = {},
): ComparedResult {
  const identity = identityOf(suite, change);
  const rows = parts.map((part, i) => evaluationRow(0, i, [rowTask('t', part.confusion ? perfect : one(1), part)]));
  const attacks = reduceEvaluation(identity, { tasks: [of] }, rows, { doubts: new Map() });
  return { identity, attacks, examples: exampleSums(identity, rows) };
}
const rights = (count: number, right: (i: number) => boolean): MetricPart[] =>
  Array.from({ length: count }, (_, i) => one(Number(right(i))));

const random = keyedRandom('start', 5, 'errors', 0);
const errors = Array.from({ length: 60 }, () => 1 + random());
const noise = Array.from({ length: 60 }, () => random() - 0.5);
const changed = (by: (error: number, i: number) => number): MetricPart[] => errors.map((error, i) => one(by(error, i)));

test('accuracy is compared by McNemar’s exact test', (t) => {
  const before = resultOf(
    classification,
    rights(20, (i) => i < 16),
  );
  const after = resultOf(
    classification,
    rights(20, (i) => i >= 7 && i < 17),
  );
  const { tasks, verdict } = compareWithBaseline(before, after);
  // 7 were lost and 1 was won: p = 2 (1 + 8) / 2⁸.
  t.like(tasks[1], { spec: suite[0], before: 0.8, after: 0.5, test: 'mcnemar', pairs: 20, pValue: 18 / 256 });
  t.is(verdict, 'inconclusive');
  const worse = compareWithBaseline(
    before,
    resultOf(
      classification,
      rights(20, (i) => i >= 8 && i < 17),
    ),
  );
  t.is(worse.tasks[1]?.pValue.toFixed(12), (20 / 512).toFixed(12));
  t.is(worse.tasks[1]?.verdict, 'regression');
  t.is(worse.verdict, 'regression');
});

test('the same model passes, with and without an attack', (t) => {
  for (const of of [classification, depth]) {
    const result = resultOf(
      of,
      rights(20, (i) => i < 16),
    );
    const { tasks, verdict } = compareWithBaseline(result, result);
    t.deepEqual(
      tasks.map(({ spec, verdict: own, pValue }) => [spec, own, pValue]),
      [
        ['clean', 'pass', 1],
        [suite[0], 'pass', 1],
      ],
    );
    t.is(verdict, 'pass');
  }
});

test('errors are compared pair by pair: a small rise of every one is seen through their spread', (t) => {
  const before = resultOf(
    depth,
    changed((error) => error),
  );
  const [, worse] = compareWithBaseline(
    before,
    resultOf(
      depth,
      changed((error, i) => error + 0.1 + 0.1 * (noise[i] ?? 0)),
    ),
  ).tasks;
  t.is(worse?.test, 'paired-bootstrap');
  t.is(worse?.pValue, 2 / 1001);
  t.is(worse?.verdict, 'regression');
  const [, better] = compareWithBaseline(
    before,
    resultOf(
      depth,
      changed((error, i) => error - 0.1 + 0.1 * (noise[i] ?? 0)),
    ),
  ).tasks;
  t.is(better?.verdict, 'pass');
  const [, same] = compareWithBaseline(
    before,
    resultOf(
      depth,
      changed((error, i) => error + 0.05 * (noise[i] ?? 0)),
    ),
  ).tasks;
  t.is(same?.verdict, 'pass');
  const [, unsure] = compareWithBaseline(
    before,
    resultOf(
      depth,
      changed((error, i) => error + 2 * (noise[i] ?? 0)),
    ),
  ).tasks;
  t.is(unsure?.verdict, 'inconclusive');
});

test('the bootstrap’s p-value is near that of the paired t-test', (t) => {
  const differences = noise.map((x) => 0.08 + x);
  const before = resultOf(
    depth,
    changed((error) => error),
  );
  const after = resultOf(
    depth,
    changed((error, i) => error + (differences[i] ?? 0)),
  );
  const n = differences.length;
  const mean = differences.reduce((sum, d) => sum + d, 0) / n;
  const deviation = Math.sqrt(differences.reduce((sum, d) => sum + (d - mean) ** 2, 0) / (n - 1));
  const statistic = (mean / deviation) * Math.sqrt(n);
  const [, comparison] = compareWithBaseline(before, after).tasks;
  // Two-sided tail of the normal distribution, by Simpson’s rule.
  let tail = 0;
  for (let i = 0; i <= 2000; i++) {
    const x = statistic + (8 * i) / 2000;
    tail += (i === 0 || i === 2000 ? 1 : i % 2 === 1 ? 4 : 2) * Math.exp((-x * x) / 2);
  }
  const expected = (2 * tail * (8 / 2000)) / 3 / Math.sqrt(2 * Math.PI);
  t.true(Math.abs((comparison?.pValue ?? NaN) - expected) < 0.03, `expected ${expected}, got ${comparison?.pValue}`);
});

test('mIoU is compared as one matrix over all examples, before and after', (t) => {
  const part = (right: number): MetricPart => ({
    count: 10,
    sum: right,
    confusion: [right, 10 - right, 10 - right, right],
  });
  const before = resultOf(
    segmentation,
    Array.from({ length: 20 }, (_, i) => part(i % 2 === 0 ? 8 : 9)),
  );
  const after = resultOf(
    segmentation,
    Array.from({ length: 20 }, (_, i) => part(i % 2 === 0 ? 6 : 8)),
  );
  const [, comparison] = compareWithBaseline(before, after).tasks;
  // 17 of 20 positions agree, then 14: IoU 17/23 and 14/26 for both classes.
  t.is(comparison?.before.toFixed(12), (17 / 23).toFixed(12));
  t.is(comparison?.after.toFixed(12), (14 / 26).toFixed(12));
  t.is(comparison?.verdict, 'regression');
});

test('a suspect figure never passes', (t) => {
  const result = resultOf(
    depth,
    changed((error) => error),
  );
  const suspect = { ...result, attacks: result.attacks.map((attack) => ({ ...attack, verdict: 'suspect' as const })) };
  t.deepEqual(
    compareWithBaseline(result, suspect).tasks.map(({ verdict }) => verdict),
    ['pass', 'inconclusive'],
  );
});

const different: readonly (readonly [change: Partial<EvaluationIdentity>, message: string])[] = [
  [
    { dataset: { name: 'small', kind: 'manifest', digest: 'ee', size: 4 } },
    'expected dataset.digest dd, as in the baseline, got ee',
  ],
  [{ suite: ['pgd'] }, 'expected suite fgsm(eps=4)@sum(t=1), as in the baseline, got pgd'],
  [{ limit: 3 }, 'expected limit 4, as in the baseline, got 3'],
];
for (const [change, message] of different) {
  test(`evaluations that differ in ${Object.keys(change)} are not compared`, (t) => {
    const result = resultOf(
      depth,
      changed((error) => error),
    );
    const other = { ...result, identity: { ...result.identity, ...change } };
    t.throws(() => compareWithBaseline(result, other), { code: 'INVALID_OPTION', message });
  });
}

test('another version of the model is what a baseline is for', (t) => {
  const result = resultOf(
    depth,
    changed((error) => error),
  );
  const model = { name: 'model', version: '2', sha256: 'bb' };
  const { model: compared, verdict } = compareWithBaseline(result, {
    ...result,
    identity: { ...result.identity, model },
  });
  t.deepEqual([compared.version, verdict], ['1', 'pass']);
});
