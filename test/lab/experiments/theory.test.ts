import test, { type ExecutionContext } from 'ava';
import type { GradientNormEvent, GradientNormSpec, GradientNormSummary, JobInput } from '../../../src/engine/index.js';
import { loadServedModel } from '../../../src/engine/index.js';
import { gramFactor, gramMatrix, theorem1Factor } from '../../../src/engine/runs/gram.js';
import { jointNorm, logSlope } from '../../../src/lab/experiments/studies/gradient-samples.js';
import { runtime } from '../../support/small-models.js';
import { freely, scenesUpTo, streetSource } from '../../support/street.js';

/** Gradients of the trained model of the demo at its scenes. */
async function measure(
  t: ExecutionContext,
  tasks: GradientNormSpec['tasks'],
  inputs: readonly JobInput[],
  sweep?: GradientNormSpec['sweep'],
): Promise<readonly GradientNormEvent[]> {
  const model = await loadServedModel(streetSource(), { role: 'attack', runtime, memoryBudgetBytes: 2 ** 30 });
  t.teardown(() => model.dispose());
  const spec: GradientNormSpec = { tasks, sweep, seed: 0, batchSize: undefined };
  const events: GradientNormEvent[] = [];
  for await (const event of model.gradientNorm({ spec, inputs, labelFree: false }, freely())) events.push(event);
  return events;
}

function summaryOf(events: readonly GradientNormEvent[]): GradientNormSummary {
  const last = events.at(-1);
  if (last?.type !== 'summary') throw new Error('expected a summary');
  return last.summary;
}

const SEGMENTATION = { task: 'segmentation', loss: 'cross-entropy' };
const TASKS = [SEGMENTATION, { task: 'depth', loss: 'l1' }, { task: 'reconstruction', loss: 'mse' }];

const rootMeanSquare = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);

test('on the trained model the exact Gram form is the measured ratio of joint to single gradients', async (t) => {
  const events = await measure(t, TASKS, scenesUpTo(4));
  const results = events.flatMap((event) => (event.type === 'result' ? [event.result] : []));
  t.is(results.length, 4);
  const joint = rootMeanSquare(results.map(({ jointMean }) => jointMean.l2));
  const single = rootMeanSquare(results.flatMap(({ tasks }) => tasks.map(({ norms }) => norms.l2)));
  const { gramFactor: factor = Number.NaN } = summaryOf(events);
  t.true(Math.abs(joint / single / factor - 1) < 1e-5, `${joint / single} and ${factor}`);
  // Neither the same nor opposed: a factor between that of independent tasks and 1, or below it.
  t.true(factor > 0 && factor < 1);
  for (const { gram, jointMean } of results) {
    t.true(Math.abs(jointNorm(gram, TASKS.length) / jointMean.l2 - 1) < 1e-5);
    t.true(Math.abs(jointNorm(gram, 1) / Math.sqrt(gram[0] ?? 0) - 1) < 1e-12);
  }
});

test('for gradients of one scale Theorem 1 and the exact form are one, in any order', (t) => {
  // Three of length 2 whose products differ.
  const gram = [4, 1, -2, 1, 4, 3, -2, 3, 4];
  const exact = Math.sqrt((12 + 2 * (1 - 2 + 3)) / (3 * 12));
  t.is(gramFactor(gram)?.toFixed(12), exact.toFixed(12));
  t.is(theorem1Factor(gram).factor?.toFixed(12), exact.toFixed(12));
});

for (const count of [1, 2, 5]) {
  test(`${count} identical tasks are as vulnerable together as alone`, async (t) => {
    const [input] = scenesUpTo(1);
    if (input === undefined) return t.fail();
    const events = await measure(t, [SEGMENTATION], [input]);
    const norm = summaryOf(events).tasks[0]?.norms.l2 ?? Number.NaN;
    const vector = Float32Array.of(norm, 0);
    const gram = gramMatrix(Array.from({ length: count }, () => vector));
    t.is(gramFactor(gram)?.toFixed(9), '1.000000000');
    t.is(theorem1Factor(gram).factor?.toFixed(9), '1.000000000');
    t.true(Math.abs(jointNorm(gram, count) / norm - 1) < 1e-6);
  });
}

test('on the trained model the norm of the joint gradient falls as outputs grow, no faster than 1/√M', async (t) => {
  const outputCounts = [1, 16, 256, 4096];
  const events = await measure(t, [SEGMENTATION], scenesUpTo(8), {
    task: SEGMENTATION.task,
    outputCounts,
    draws: 20,
  });
  const norms = events.flatMap((event) => (event.type === 'sweep-point' ? [event.point.meanL2] : []));
  t.is(norms.length, outputCounts.length);
  for (const [i, norm] of norms.slice(1).entries()) t.true(norm < (norms[i] ?? 0), `${outputCounts[i]}: ${norms}`);
  const slope = logSlope(outputCounts, norms) ?? 0;
  t.true(slope < -0.1 && slope > -0.55, `${slope}`);
});
