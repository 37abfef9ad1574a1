import test, { type ExecutionContext } from 'ava';
import type { Dataset } from '../../../src/engine/datasets/dataset.js';
import { EngineError } from '../../../src/engine/errors.js';
import { evaluate } from '../../../src/engine/evaluation/evaluate.js';
import type { EvaluateOptions, EvaluationEvent } from '../../../src/engine/evaluation/evaluation-events.js';
import { identityDigest } from '../../../src/engine/evaluation/identity.js';
import { type EvaluationPlan, prepareEvaluation } from '../../../src/engine/evaluation/plan.js';
import { reduceEvaluation } from '../../../src/engine/evaluation/reduce.js';
import type { EvaluationRow } from '../../../src/engine/evaluation/row.js';
import type { AttackTarget } from '../../../src/engine/evaluation/target.js';
import { parseSpec } from '../../../src/engine/runs/parse-spec.js';
import { keyedRandom } from '../../../src/engine/tensor/random.js';
import { datasetOf, featuresOf, inProcessTarget } from '../../support/in-process-target.js';
import { linearSource } from '../../support/small-models.js';

/** Two classes and a number, from three features. */
const source = linearSource(
  [
    {
      name: 'class',
      weights: [
        [1.5, -2, 0.5],
        [-1, 1, 0],
      ],
      bias: [0.1, 0],
    },
    { name: 'depth', weights: [[0.3, 0.2, -0.7]], bias: [0] },
  ],
  ['name: class, kind: classification', 'name: depth, kind: regression, unit: m'],
);

const random = keyedRandom('start', 1, 'examples', 0);
const examples = Array.from({ length: 70 }, (_, i) =>
  featuresOf(`example-${i}`, [random(), random(), random()], { class: i % 2, depth: [random()] }),
);
const dataset = datasetOf(examples);

const plan = (change: Partial<EvaluationPlan> = {}): EvaluationPlan => ({
  attacks: ['pgd(steps=3,eps=8)@sum(class=1)', 'fgsm(eps=8)'].map(parseSpec),
  labelFree: false,
  seed: 3,
  limit: undefined,
  shard: undefined,
  pictures: false,
  reliabilitySample: 0,
  ...change,
});

const options = (change: Partial<EvaluateOptions> = {}): EvaluateOptions => ({
  signal: new AbortController().signal,
  done: () => false,
  checked: () => false,
  now: () => 0,
  ...change,
});

async function collect(run: AsyncIterable<EvaluationEvent>): Promise<EvaluationEvent[]> {
  const events: EvaluationEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

async function eventsOf(
  target: AttackTarget,
  of: Dataset,
  change: Partial<EvaluationPlan> = {},
  how: Partial<EvaluateOptions> = {},
): Promise<EvaluationEvent[]> {
  return await collect(evaluate(target, of, plan(change), options(how)));
}
const rowsIn = (events: readonly EvaluationEvent[]): EvaluationRow[] =>
  events.flatMap((event) => (event.type === 'row' ? [event.row] : []));
const skippedIn = (events: readonly EvaluationEvent[]) =>
  events.flatMap((event) => (event.type === 'skipped' ? [event.skipped] : []));

const open = (t: ExecutionContext, maxExamples = 16): Promise<AttackTarget> => inProcessTarget(t, source, maxExamples);

test('every example has a row for every attack, in order, and the last event says what computed them', async (t) => {
  const target = await open(t);
  const events = await eventsOf(target, dataset, { limit: 20 });
  t.deepEqual(
    rowsIn(events).map(({ attack, index, key }) => [attack, index, key]),
    [0, 1].flatMap((attack) => Array.from({ length: 20 }, (_, i) => [attack, i, `example-${i}`])),
  );
  const last = events.at(-1);
  t.is(last?.type === 'done' ? last.provenance?.modelSha256 : undefined, target.model.sha256);
});

test('an objective without tasks attacks those that are labelled, and the text form says which', async (t) => {
  const target = await open(t);
  const { identity } = await prepareEvaluation(target.model, dataset, plan({ limit: 7 }));
  t.deepEqual(identity.suite, ['pgd(steps=3,eps=8)@sum(class=1)', 'fgsm(eps=8)@sum(class=1,depth=1)']);
  t.deepEqual([identity.seed, identity.limit, identity.dataset.size], [3, 7, 70]);
});

test('figures are the same to the last bit from 1, 3 and 64 shards, in whatever order their rows come', async (t) => {
  const target = await open(t);
  const figures = async (count: number): Promise<unknown> => {
    const rows: EvaluationRow[] = [];
    const digests = new Set<string>();
    for (let index = 0; index < count; index++) {
      const shard = { index, count };
      digests.add(identityDigest((await prepareEvaluation(target.model, dataset, plan({ shard }))).identity));
      rows.unshift(...rowsIn(await eventsOf(target, dataset, { shard })).toReversed());
    }
    t.is(digests.size, 1);
    const { identity } = await prepareEvaluation(target.model, dataset, plan());
    return reduceEvaluation(identity, target.model, rows, { doubts: new Map() });
  };
  const one = await figures(1);
  t.deepEqual(await figures(3), one);
  t.deepEqual(await figures(64), one);
});

test('a resumed run attacks only what it lacks, and counts the rest as done', async (t) => {
  const target = await open(t);
  const all = rowsIn(await eventsOf(target, dataset, { limit: 20 }));
  const done = (attack: number, index: number): boolean => attack === 0 || index % 3 === 0;
  const events = await eventsOf(target, dataset, { limit: 20 }, { done });
  t.deepEqual(
    rowsIn(events),
    all.filter(({ attack, index }) => !done(attack, index)),
  );
  const progress = events.flatMap((event) => (event.type === 'progress' ? [event.progress] : []));
  t.deepEqual(progress[0] && [progress[0].attack, progress[0].examplesDone, progress[0].examplesTotal], [0, 20, 20]);
  t.is(progress.find(({ attack }) => attack === 1)?.examplesDone, 7);
  t.is(progress.at(-1)?.examplesDone, 20);
});

test('examples that cannot be read or do not fit are skipped by name, once, and the others go on', async (t) => {
  const target = await open(t, 8);
  const unreadable = new EngineError('INVALID_DATASET', 'b.png: no such file');
  const mixed = [
    ...examples.slice(0, 3),
    { key: 'b', error: unreadable },
    featuresOf('wide', [0, 0, 0, 0], { class: 0, depth: [0] }),
    ...examples.slice(3, 9),
    featuresOf('strange', [0, 0, 0], { class: 5, depth: [0] }),
    featuresOf('unlabelled', [0, 0, 0], {}),
  ];
  const events = await eventsOf(target, datasetOf(mixed));
  t.deepEqual(
    skippedIn(events)
      .map(({ index, key }) => [index, key])
      .toSorted(([a], [b]) => Number(a) - Number(b)),
    [
      [3, 'b'],
      [4, 'wide'],
      [11, 'strange'],
      [12, 'unlabelled'],
    ],
  );
  t.is(skippedIn(events)[0]?.reason, 'b.png: no such file');
  t.regex(skippedIn(events)[1]?.reason ?? '', /expected an input of shape \[3\], got \[4\]/);
  const kept = (attack: number) =>
    rowsIn(events)
      .filter((row) => row.attack === attack)
      .map(({ index }) => index);
  t.deepEqual(
    kept(0).toSorted((a, b) => a - b),
    [0, 1, 2, 5, 6, 7, 8, 9, 10],
  );
  t.deepEqual(
    kept(1),
    kept(0).toSorted((a, b) => a - b),
  );
  const alone = rowsIn(await eventsOf(target, datasetOf(examples.slice(3, 4)))).map(({ tasks }) => tasks);
  t.deepEqual(
    rowsIn(events)
      .filter(({ key }) => key === 'example-3')
      .map(({ tasks }) => tasks),
    alone,
  );
});

test('a dataset of which nothing can be read is an error', async (t) => {
  const target = await open(t);
  const error = new EngineError('INVALID_DATASET', 'a: gone');
  await t.throwsAsync(eventsOf(target, datasetOf([{ key: 'a', error }])), { message: 'a: gone' });
});

test('an error of the target that is not of its examples ends the run', async (t) => {
  const target = await open(t);
  const broken: AttackTarget = {
    ...target,
    // biome-ignore lint/correctness/useYield: it fails before it has anything
    async *attack() {
      throw new EngineError('HOST_UNAVAILABLE', 'the host died');
    },
  };
  await t.throwsAsync(eventsOf(broken, dataset), { code: 'HOST_UNAVAILABLE' });
});

test('rows of another model than the first are refused', async (t) => {
  const target = await open(t);
  const changed: AttackTarget = { ...target, model: { ...target.model, sha256: 'other' } };
  await t.throwsAsync(eventsOf(changed, dataset, { limit: 2 }), { code: 'MODEL_CHANGED' });
});

test('no example is attacked once the caller has aborted', async (t) => {
  const target = await open(t);
  const controller = new AbortController();
  const run = evaluate(target, dataset, plan(), options({ signal: controller.signal }));
  for await (const { type } of run) if (type === 'row') break;
  controller.abort();
  const again = evaluate(target, dataset, plan(), options({ signal: controller.signal }));
  await t.throwsAsync(collect(again), { any: true, name: 'AbortError' });
});

test('what remains is estimated from the steps that are done', async (t) => {
  const target = await open(t, 10);
  let seconds = 0;
  const at = (events: readonly EvaluationEvent[], rows: number) => {
    let seen = 0;
    for (const event of events) {
      if (event.type === 'row') seen++;
      if (event.type === 'progress' && event.progress.target === undefined && seen === rows) return event.progress;
    }
    return undefined;
  };
  const timed: EvaluationEvent[] = [];
  const spec = { attacks: [parseSpec('pgd(steps=8,eps=8)@sum(class)'), parseSpec('fgsm')], limit: 20 };
  for await (const event of evaluate(target, dataset, plan(spec), options({ now: () => 1000 * seconds }))) {
    if (event.type === 'row') seconds += event.row.attack === 0 ? 10 : 3;
    timed.push(event);
  }
  t.is(at(timed, 0)?.etaSeconds, undefined);
  // An example costs 8 + 2 steps under the one attack and 1 + 2 under the other: exactly the seconds above.
  t.is(at(timed, 10)?.etaSeconds, 160);
  t.is(at(timed, 20)?.etaSeconds, 60);
  t.is(at(timed, 40)?.etaSeconds, 0);
});

const wrong: readonly (readonly [title: string, change: Partial<EvaluationPlan>, message: RegExp])[] = [
  ['no attack', { attacks: [] }, /expected at least one attack, got none/],
  ['an attack twice', { attacks: [parseSpec('fgsm'), parseSpec('fgsm(eps=4)')] }, /expected each attack once/],
  ['a limit of 0', { limit: 0 }, /expected a limit ≥ 1, got 0/],
  ['a shard beyond the last', { shard: { index: 3, count: 3 } }, /expected a shard of 0 … 2, got 3/],
];
for (const [title, change, message] of wrong) {
  test(`a plan with ${title} is refused`, async (t) => {
    const target = await open(t);
    await t.throwsAsync(prepareEvaluation(target.model, dataset, plan(change)), { message });
  });
}
