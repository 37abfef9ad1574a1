import test, { type ExecutionContext } from 'ava';
import { loadServedModel } from '../../../src/engine/index.js';
import type { GradientNormEvent } from '../../../src/engine/runs/events.js';
import type { GradientNormSpec } from '../../../src/engine/runs/spec.js';
import { features, label, linearSource, runtime } from '../../support/small-models.js';
import { freely } from '../../support/street.js';

/**
 * Four outputs, each of one feature of its own with slope 1, and labels 1 off: the gradient of the mean square over M of the
 * outputs has M elements of 2/M, so its length is 2/√M, whichever outputs are drawn.
 */
const identity = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => Number(i === j)));
const source = linearSource(
  [{ name: 'y', weights: identity, bias: [0, 0, 0, 0] }],
  ['name: y, kind: regression, loss: mse'],
  [0, 255], // levels are units
);
const input = (key: string) => features(key, [10, 20, 30, 40], { y: label([9, 19, 29, 39]) });

async function measure(t: ExecutionContext, sweep: GradientNormSpec['sweep'], keys = ['e'], seed = 0) {
  const model = await loadServedModel(source, { role: 'attack', runtime, memoryBudgetBytes: 2 ** 28 });
  t.teardown(() => model.dispose());
  const spec: GradientNormSpec = { tasks: [{ task: 'y', loss: 'mse' }], sweep, seed, batchSize: undefined };
  const events: GradientNormEvent[] = [];
  const job = { spec, inputs: keys.map(input), labelFree: false };
  for await (const event of model.gradientNorm(job, freely())) events.push(event);
  t.is(events.at(-1)?.type, 'summary');
  return events;
}

test('the norms of a gradient are exact', async (t) => {
  const events = await measure(t, undefined);
  const result = events.find((event) => event.type === 'result');
  const [norms] = result?.type === 'result' ? result.result.tasks : [];
  t.like(norms, { task: 'y' });
  t.deepEqual(
    [norms?.norms.l1, norms?.norms.l2, norms?.norms.linf].map((norm) => norm?.toFixed(6)),
    ['2.000000', '1.000000', '0.500000'],
  );
});

test('over M outputs the length falls as 1/√M, with no spread where every draw is alike', async (t) => {
  const outputCounts = [1, 2, 4];
  const events = await measure(t, { task: 'y', outputCounts, draws: 5 }, ['e', 'f']);
  const points = events.flatMap((event) => (event.type === 'sweep-point' ? [event.point] : []));
  t.deepEqual(
    points.map((point) => [point.outputCount, point.sampleCount, point.meanL2.toFixed(5)]),
    outputCounts.map((count) => [count, 10, (2 / Math.sqrt(count)).toFixed(5)]),
  );
  t.true(points.every(({ standardDeviationL2 }) => standardDeviationL2 < 1e-5));
  const progress = events.flatMap((event) => (event.type === 'progress' ? [event.progress.gradientsDone] : []));
  t.is(progress.at(-1), 2 + 3 * 10);
  t.deepEqual(
    progress,
    progress.toSorted((a, b) => a - b),
  );
});

test('more outputs than count are refused, with the example', async (t) => {
  const error = await t.throwsAsync(measure(t, { task: 'y', outputCounts: [5], draws: 1 }), {
    code: 'INVALID_REQUEST',
  });
  t.regex(error?.message ?? '', /sweep\.output_counts: expected at most 4 positions, which count in example e, got 5/);
});
