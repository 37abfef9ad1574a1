import test from 'ava';
import { drawCurves } from '../../../src/cli/training/curves.js';
import type { MetricsRecord } from '../../../src/lab/index.js';

const step = (number: number, loss: number): MetricsRecord => ({
  type: 'step',
  step: number,
  epoch: number / 10,
  learningRate: 0.1,
  loss,
  losses: { depth: loss },
  gradientNorm: 1,
  seconds: 1,
});

/** What would be drawn, as text. */
const drawn = async (records: readonly MetricsRecord[]) =>
  JSON.parse(await drawCurves(records, async (spec) => JSON.stringify(spec)));

test('a task has a chart of its losses, those of the validation beside those of steps', async (t) => {
  const look: MetricsRecord = { type: 'validation', step: 2, epoch: 1, examples: 3, losses: { depth: 5 }, scores: {} };
  const { vconcat } = await drawn([step(1, 4), step(2, 3), look]);
  t.deepEqual(
    vconcat.map(({ title }: { title: string }) => title),
    ['depth', 'learning rate'],
  );
  t.deepEqual(vconcat[0].data.values, [
    { step: 1, task: 'depth', loss: 4, source: 'training' },
    { step: 2, task: 'depth', loss: 3, source: 'training' },
    { step: 2, task: 'depth', loss: 5, source: 'validation' },
  ]);
});

test('of many steps each point stands for several, with their mean', async (t) => {
  const records = Array.from({ length: 900 }, (_, i) => step(i + 1, i % 3));
  const { vconcat } = await drawn(records);
  t.is(vconcat[0].data.values.length, 300);
  t.deepEqual(vconcat[0].data.values[1], { step: 6, task: 'depth', loss: 1, source: 'training' });
  t.is(vconcat[1].data.values.length, 300);
});
