import test from 'ava';
import type { RobustgateError } from '../../../src/clients/index.js';
import { PredictField } from '../../../src/contract/robustgate/v1/predict.js';
import { aborted, gate } from '../../support/gate.js';
import { toyExample, toyGateway } from '../../support/toy-gateway.js';

test('outputs come in the order of the request and of model.yaml, with a metric where there is a label', async (t) => {
  const { client } = await toyGateway(t);
  const examples = [toyExample(7, 'a'), toyExample(9)];
  const reply = await client.predict({ modelName: 'toy', examples, tasks: ['scene', 'segmentation'] });
  t.like(reply, { modelName: 'toy', modelVersion: '1' });
  t.deepEqual(
    reply.predictions.map(({ exampleKey, tasks }) => [
      exampleKey,
      tasks.map(({ task, metric }) => [task, metric?.value]),
    ]),
    [
      [
        'a',
        [
          ['segmentation', undefined],
          ['scene', 1],
        ],
      ],
      [
        '1',
        [
          ['segmentation', undefined],
          ['scene', 1],
        ],
      ],
    ],
  );
  const values = reply.predictions[1]?.tasks[0]?.values;
  t.deepEqual(values?.shape, [1n]);
  t.is(Buffer.from(values?.data ?? []).readFloatLE(), 9);
});

test('a reply that the client would not take is refused before the model runs', async (t) => {
  const { client } = await toyGateway(t, {
    predict: async () => {
      t.fail('it ran');
      return [];
    },
  });
  const error = await t.throwsAsync<RobustgateError>(
    client.predict({
      modelName: 'toy',
      examples: [toyExample(1)],
      fields: [PredictField.RAW],
      maxReplyBytes: 1000n,
    }),
  );
  t.like(error, { code: 'REPLY_TOO_LARGE', statusName: 'RESOURCE_EXHAUSTED' });
});

test('the sizes of all images count for the size of the reply', async (t) => {
  const { client } = await toyGateway(t, {}, { models: ['dynamic'] });
  const square = (side: number) => ({
    ...toyExample(0),
    labels: {},
    input: {
      $case: 'tensor' as const,
      value: { datatype: 'UINT8', shape: [3n, BigInt(side), BigInt(side)], data: new Uint8Array(3 * side * side) },
    },
  });
  const ask = (...sides: number[]) =>
    client.predict({
      modelName: 'dynamic',
      examples: sides.map(square),
      tasks: ['segmentation'],
      maxReplyBytes: 10_000n,
    });
  await t.notThrowsAsync(ask(2));
  t.like(await t.throwsAsync<RobustgateError>(ask(2, 200)), { code: 'REPLY_TOO_LARGE' });
});

test('more predictions at a time than may be are refused, with a time to retry', async (t) => {
  const [begun, release] = [gate(), gate()];
  const { client } = await toyGateway(
    t,
    {
      predict: async () => {
        begun.open();
        await release.opened;
        return [];
      },
    },
    { config: { limits: { predictions: 1 } } },
  );
  const ask = () => client.predict({ modelName: 'toy', examples: [toyExample(1)] });
  const first = ask();
  await begun.opened;
  t.like(await t.throwsAsync<RobustgateError>(ask()), { code: 'QUEUE_FULL', retryAfterMs: 2000 });
  release.open();
  await first;
  await t.notThrowsAsync(ask());
});

test('a client that leaves aborts its prediction', async (t) => {
  const stopped = gate();
  const controller = new AbortController();
  const { client } = await toyGateway(t, {
    predict: async ({ options: { signal } }) => {
      controller.abort();
      await aborted(signal);
      stopped.open();
      return [];
    },
  });
  const asking = client.predict({ modelName: 'toy', examples: [toyExample(1)] }, { signal: controller.signal });
  t.like(await t.throwsAsync<RobustgateError>(asking), { code: 'CANCELLED' });
  await stopped.opened;
  t.pass();
});
