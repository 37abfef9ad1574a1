import test from 'ava';
import type { RobustgateError } from '../../../src/clients/index.js';
import { toyExample, toyGateway } from '../../support/toy-gateway.js';

const request = { modelName: 'toy', examples: [toyExample(7)] };

test('a stream says started, progress, results, sweep points, and one summary at the end', async (t) => {
  const { client } = await toyGateway(t);
  const events = [];
  const sweep = { task: 'scene', outputCounts: [1, 2], draws: 3 };
  for await (const event of client.gradientNorm({ ...request, sweep })) events.push(event);
  t.deepEqual(
    events.map(({ $case }) => $case),
    ['started', 'progress', 'result', 'sweepPoint', 'summary'],
  );
  t.like(events[0]?.value, { tasks: ['scene', 'reconstruction'], gradientCount: 2 + 2 * 3, modelVersion: '1' });
  t.like(events[2]?.value, { exampleKey: '0', gram: [4], jointSum: { l1: 3, l2: 2, linf: 1 } });
  t.like(events[4]?.value, { theorem1AbsentReason: 'a toy', gramFactor: 1, provenance: { seed: 7n } });
});

test('a sweep of more draws than an example may take is refused', async (t) => {
  const { client } = await toyGateway(t, {}, { config: { limits: { steps: 10 } } });
  const sweep = { task: 'scene', outputCounts: [1, 2], draws: 6 };
  const error = await t.throwsAsync<RobustgateError>(async () => {
    for await (const _ of client.gradientNorm({ ...request, sweep }));
  });
  t.deepEqual(error?.violations, [
    { field: 'sweep.output_counts', description: 'expected at most 10 draws of each example over all counts, got 12' },
  ]);
});
