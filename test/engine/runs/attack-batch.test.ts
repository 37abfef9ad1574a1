import test from 'ava';
import type { AttackParameters, GradientSource } from '../../../src/engine/attacks/attack.js';
import { attackDefaults } from '../../../src/engine/attacks/defaults.js';
import {
  type AttackBatchInput,
  attackBatch,
  type ExampleOutcome,
  type StepReport,
} from '../../../src/engine/runs/attack-batch.js';
import type { AttackSpec } from '../../../src/engine/runs/spec.js';
import { map } from '../../../src/engine/tensor/tensor.js';
import { evaluationOf } from '../../support/sources.js';
import { batch, rowsOf } from '../../support/tensors.js';

const specOf = (parameters: Partial<AttackParameters>, targeted = false): AttackSpec => ({
  attack: 'pgd',
  parameters: { ...attackDefaults, randomStart: 'none', ...parameters },
  objective: { combination: 'sum', tasks: [{ task: 'a', weight: 1, loss: 'margin' }] },
  targeted,
  seed: 3,
  batchSize: undefined,
  fullBatches: false,
});

/** The objective and the score are the distance of the first pixel from `from`; the gradient pushes every pixel up. */
const rising = (from: number): GradientSource => ({
  evaluate: async (pixels) =>
    evaluationOf(
      rowsOf(pixels).map(([x = NaN]) => x - from),
      map(pixels, () => 1),
    ),
});

async function run(input: Partial<AttackBatchInput> & Pick<AttackBatchInput, 'source' | 'spec'>) {
  const steps: StepReport[] = [];
  const generator = attackBatch({
    clean: batch([100, 100], [102, 102]),
    keys: ['a', 'b'],
    together: 1,
    breaksAboveZero: [true],
    signal: new AbortController().signal,
    stopReason: () => undefined,
    ...input,
  });
  for (;;) {
    const next = await generator.next();
    if (next.done) return { steps, outcomes: next.value };
    steps.push(next.value);
  }
}

const plain = (outcomes: readonly ExampleOutcome[]) =>
  outcomes.map(({ pixels, ...rest }) => ({ pixels: [...pixels], ...rest }));

test('without restarts the last iterate is the result, and nothing is evaluated beyond the steps', async (t) => {
  const { steps, outcomes } = await run({ source: rising(0), spec: specOf({ steps: 3 }) });
  t.deepEqual(plain(outcomes), [
    { pixels: [103, 103], steps: 3, restart: 0, terminatedBy: 'completed' },
    { pixels: [105, 105], steps: 3, restart: 0, terminatedBy: 'completed' },
  ]);
  t.deepEqual(
    steps.map(({ step, losses, objective }) => ({ step, losses, objective })),
    [
      { step: 1, losses: [101], objective: 101 },
      { step: 2, losses: [102], objective: 102 },
      { step: 3, losses: [103], objective: 103 },
    ],
  );
});

test('an example that is broken is left alone where early stop is asked for, and the others go on', async (t) => {
  const { steps, outcomes } = await run({ source: rising(102.5), spec: specOf({ steps: 4, earlyStop: true }) });
  t.deepEqual(plain(outcomes), [
    { pixels: [103, 103], steps: 3, restart: 0, terminatedBy: 'early-stop' },
    { pixels: [103, 103], steps: 1, restart: 0, terminatedBy: 'early-stop' },
  ]);
  t.deepEqual(
    steps.map(({ examplesBroken }) => examplesBroken),
    [0, 1, 1, 2],
  );
});

test('of several restarts the one of highest objective is kept for each example', async (t) => {
  const spec = specOf({ steps: 1, restarts: 5, randomStart: 'uniform', stepSize: 0.001 });
  const { outcomes } = await run({ source: rising(0), spec });
  const single = await Promise.all(
    [0, 1, 2, 3, 4].map(async (restart) => {
      const { startOf } = await import('../../../src/engine/attacks/start.js');
      const clean = batch([100, 100], [102, 102]);
      const input = { source: rising(0), clean, keys: ['a', 'b'], seed: 3, restart, parameters: spec.parameters };
      return rowsOf(startOf({ ...input, signal: new AbortController().signal })).map(([x = NaN]) => x);
    }),
  );
  for (const [n, outcome] of outcomes.entries()) {
    const starts = single.map((row) => row[n] as number);
    t.is(outcome.restart, starts.indexOf(Math.max(...starts)));
    t.is(outcome.steps, 5);
  }
});

const together = test.macro(async (t, parameters: Partial<AttackParameters>, tries: number, rows: number) => {
  // Curved, so that iterates of one try come between those of another.
  const source: GradientSource = {
    evaluate: async (pixels) =>
      evaluationOf(
        rowsOf(pixels).map(([x = NaN]) => Math.sin(x)),
        map(pixels, (x) => Math.cos(x)),
      ),
  };
  const spec = specOf({ steps: 3, restarts: 5, randomStart: 'uniform', ...parameters });
  const clean = batch([100, 100], [102, 102]);
  const apart = await run({ source, spec, clean });
  const padded = batch(...Array.from({ length: rows }, (_, row) => (row % 2 === 0 ? [100, 100] : [102, 102])));
  const joint = await run({ source, spec, clean: padded, together: tries });
  t.deepEqual(plain(joint.outcomes), plain(apart.outcomes));
  t.is(joint.steps.length, Math.ceil(5 / tries) * 3);
  t.true(apart.outcomes.some(({ restart }) => restart > 0));
});

test('restarts come to the same together, the last in a part of the rows', together, {}, 2, 5);
test('restarts come to the same all together', together, {}, 5, 10);
test('restarts come to the same together when the best iterate counts', together, { iterate: 'best' }, 3, 8);

test('the best iterate is the one of highest objective, the last included', async (t) => {
  // The objective falls beyond 101, where the gradient still pushes up.
  const peak: GradientSource = {
    evaluate: async (pixels) =>
      evaluationOf(
        rowsOf(pixels).map(([x = NaN]) => -Math.abs(x - 101)),
        map(pixels, () => 1),
      ),
  };
  const clean = batch([100]);
  const outcomeOf = async (iterate: 'best' | 'last', steps: number) =>
    (await run({ source: peak, spec: specOf({ steps, iterate }), clean, keys: ['a'], breaksAboveZero: [false] }))
      .outcomes[0];
  t.deepEqual([...((await outcomeOf('best', 4))?.pixels ?? [])], [101]);
  t.deepEqual([...((await outcomeOf('best', 1))?.pixels ?? [])], [101]);
  t.deepEqual([...((await outcomeOf('last', 4))?.pixels ?? [])], [104]);
});

test('a run that must stop ends with the best that it has seen, and says why', async (t) => {
  let asked = 0;
  const stopReason = () => (++asked > 2 ? 'deadline' : undefined);
  const { outcomes } = await run({ source: rising(0), spec: specOf({ steps: 100 }), stopReason });
  t.deepEqual(plain(outcomes)[0], { pixels: [101, 101], steps: 2, restart: 0, terminatedBy: 'deadline' });
});

test('a run without time for a step ends with the clean input', async (t) => {
  const { steps, outcomes } = await run({ source: rising(0), spec: specOf({}), stopReason: () => 'drain' });
  t.deepEqual(plain(outcomes)[0], { pixels: [100, 100], steps: 0, restart: 0, terminatedBy: 'drain' });
  t.is(steps.length, 0);
});

test('a targeted attack has broken an example when its score falls below 0', async (t) => {
  const falling: GradientSource = {
    evaluate: async (pixels) =>
      evaluationOf(
        rowsOf(pixels).map(([x = NaN]) => x - 98.5),
        map(pixels, () => -1),
      ),
  };
  const { outcomes } = await run({
    source: falling,
    spec: specOf({ steps: 9, earlyStop: true }, true),
    clean: batch([100]),
    keys: ['a'],
  });
  t.deepEqual(plain(outcomes), [{ pixels: [98], steps: 2, restart: 0, terminatedBy: 'early-stop' }]);
});

test('padding is attacked along, but has no outcome', async (t) => {
  const { outcomes } = await run({
    source: rising(0),
    spec: specOf({ steps: 1 }),
    clean: batch([1], [1], [1], [1]),
    keys: ['a'],
  });
  t.is(outcomes.length, 1);
});
