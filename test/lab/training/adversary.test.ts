import test from 'ava';
import { adversarialSpec, attackedCount, openAdversary } from '../../../src/lab/training/adversary.js';
import { batchOf } from '../../../src/lab/training/data/batch.js';
import { exampleStore } from '../../../src/lab/training/data/example-store.js';
import type { AdversarialConfig } from '../../../src/lab/training/training-config.js';
import { type ToyCall, toyDataset, toyTrainable } from '../../support/toy-trainable.js';

const adversarial = (change: Partial<AdversarialConfig>): AdversarialConfig => ({
  attack: 'pgd(steps=1,eps=8,step=2,start=none)@sum(depth=1)',
  batchNorm: 'running',
  cleanShare: 0,
  ...change,
});

async function attacked(change: Partial<AdversarialConfig>, trained: readonly string[] = ['depth', 'edges']) {
  const calls: ToyCall[] = [];
  const trainable = toyTrainable(calls);
  const config = adversarial(change);
  const spec = adversarialSpec(config, 5, trainable, trained);
  const settings = { batchSize: 4, batchNorm: { statistics: 'batch' as const, momentum: 0.1 } };
  const adversary = await openAdversary(trainable, spec, config, settings, [1, 3, 4]);
  const store = exampleStore(toyDataset(4), trainable.info, 0);
  const examples = await Promise.all([0, 1, 2, 3].map((i) => store.read(i)));
  const rows = examples.map((example) => ({ key: `0/${example.key}`, example, window: undefined }));
  const batch = batchOf(rows, { ...trainable, tasks: trainable.info.tasks });
  const state = new Map([...trainable.initialState].map(([name, values]) => [name, values.slice()]));
  const numbers = { state, slots: new Map() };
  const result = adversary && (await adversary.attack(batch, numbers));
  const moves = [...(result ?? batch).pixels.data].map((x, i) => x - (batch.pixels.data[i] as number));
  return { batch, result, calls, spec, moves, state };
}

test('a step goes two levels up the loss, and labels stay those of the clean example', async (t) => {
  const { batch, result, moves } = await attacked({});
  const depth = batch.labels.get('depth') ?? new Float32Array();
  for (const [i, move] of moves.entries()) {
    const x = batch.pixels.data[i] as number;
    // Of (w x / 255 + b − y)² with w = 0.5, b = 0.25.
    const up = Math.sign((0.5 * x) / 255 + 0.25 - (depth[i] as number));
    t.is(move, Math.min(Math.max(x + 2 * up, 0), 255) - x);
  }
  t.is(result?.labels, batch.labels);
});

test('attacked pixels stay in the ball, and only the first part of a batch is attacked', async (t) => {
  const { moves, calls } = await attacked({ attack: 'pgd(steps=9,eps=3,step=2)', cleanShare: 0.5 });
  t.true(moves.every((move) => Math.abs(move) <= 3 + 1e-4));
  t.true(moves.slice(0, 24).some((move) => move !== 0));
  t.true(moves.slice(24).every((move) => move === 0));
  t.is(calls.length, 9);
  t.is(calls[0]?.request.batchSize, 2);
});

test('where nothing is named all trained tasks are attacked', async (t) => {
  t.deepEqual((await attacked({ attack: 'fgsm' }, ['edges'])).spec.objective.tasks, [
    { task: 'edges', weight: 1, loss: 'mse' },
  ]);
  t.deepEqual(
    (await attacked({ attack: 'fgsm' })).calls[0]?.request.tasks.map(({ task }) => task),
    ['depth', 'edges'],
  );
});

test('passes with statistics of the batch count for the running ones, others do not', async (t) => {
  const running = await attacked({ attack: 'pgd(steps=2)' });
  t.deepEqual(running.state.get('bn.mean'), Float32Array.of(0));
  const { state, calls } = await attacked({ attack: 'pgd(steps=2)', batchNorm: 'batch' });
  const means = calls.map(({ input }) => input.pixels.data.reduce((sum, x) => sum + x, 0) / input.pixels.data.length);
  const [first = 0, second = 0] = means;
  t.true(Math.abs((state.get('bn.mean')?.[0] as number) - (0.9 * 0.1 * first + 0.1 * second)) < 1e-3);
});

test('the share of clean examples is rounded to whole ones', (t) => {
  t.is(attackedCount(16, adversarial({ cleanShare: 0.5 })), 8);
  t.is(attackedCount(3, adversarial({ cleanShare: 0.4 })), 2);
  t.is(attackedCount(3, adversarial({ cleanShare: 0.6 })), 1);
  t.is(attackedCount(4, adversarial({ cleanShare: 1 })), 0);
});

const refused: readonly [attack: string, message: RegExp][] = [
  ['square', /expected an attack that follows gradients, got square/],
  ['pgd(restarts=2)', /expected one try, got restarts=2/],
  ['pgd(iterate=best)', /expected iterate=last, got iterate=best/],
  ['targeted-pgd@sum(depth=1)', /expected an attack that raises losses, got targeted-pgd/],
  ['pgd@sum(nothing=1)', /expected one of depth, edges, got nothing/],
];

for (const [attack, message] of refused) {
  test(`${attack} is no attack to train on`, (t) => {
    t.throws(() => adversarialSpec(adversarial({ attack }), 0, toyTrainable(), ['depth']), { message });
  });
}
