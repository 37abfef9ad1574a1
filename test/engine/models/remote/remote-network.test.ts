import test, { type ExecutionContext } from 'ava';
import type { EngineError } from '../../../../src/engine/errors.js';
import { loadNetwork } from '../../../../src/engine/models/load-network.js';
import type { RawTensor, RawTensors } from '../../../../src/engine/models/raw-tensor.js';
import type { RemoteDescription, RemoteModel } from '../../../../src/engine/models/remote/remote-model.js';
import { runtime, sourceOf } from '../../../support/small-models.js';
import { batch, rowsOf } from '../../../support/tensors.js';

const description: RemoteDescription = {
  name: 'sums',
  versions: ['3'],
  platform: 'test',
  inputs: [{ name: 'x', dataType: 'float32', shape: [-1, 2] }],
  outputs: [{ name: 'y', dataType: 'float32', shape: [-1, 2] }],
  maxBatch: undefined,
};

const floats = (values: readonly number[], shape: readonly number[]): RawTensor => ({
  dataType: 'float32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});

/** A remote that answers sum and difference of two features, and keeps what it was asked. */
function sums(change: Partial<RemoteDescription> = {}, answer?: (feeds: RawTensors) => RawTensors) {
  const asked: RawTensors[] = [];
  let isOpen = true;
  const remote: RemoteModel = {
    describe: async () => ({ ...description, ...change }),
    async infer(feeds) {
      asked.push(feeds);
      if (answer !== undefined) return answer(feeds);
      const { data, shape } = feeds.get('x') as RawTensor;
      const numbers = new Float32Array(Uint8Array.from(data as Uint8Array).buffer);
      const rows = Array.from({ length: shape[0] ?? 0 }, (_, n) => [numbers[2 * n] ?? NaN, numbers[2 * n + 1] ?? NaN]);
      return new Map([
        [
          'y',
          floats(
            rows.flatMap(([a = NaN, b = NaN]) => [a + b, a - b]),
            shape,
          ),
        ],
      ]);
    },
    close: () => {
      isOpen = false;
    },
  };
  return { remote, asked, isOpen: () => isOpen };
}

const yaml = (remote = '', tasks = '  - { name: y, kind: classification }\n'): string =>
  `engine: remote\nremote: { endpoint: "there:8001", model: sums${remote} }\ninput: { kind: features, range: [0, 1] }\ntasks:\n${tasks}`;

async function open(t: ExecutionContext, { remote }: { remote: RemoteModel }, text = yaml()) {
  const options = { role: 'attack', runtime, memoryBudgetBytes: 2 ** 20, openRemote: async () => remote } as const;
  const network = await loadNetwork(sourceOf(new Uint8Array(), text), options);
  t.teardown(() => network.dispose());
  return network;
}

test('levels become what the model takes, and its outputs those of the tasks', async (t) => {
  const server = sums();
  const network = await open(t, server);
  const outputs = await network.predict(batch([255, 51], [0, 102]), new Map());
  const rounded = rowsOf(outputs.get('y') ?? batch()).map((row) => row.map((x) => Math.round(1e6 * x) / 1e6));
  t.deepEqual(rounded, [
    [1.2, 0.8],
    [0.4, -0.4],
  ]);
  t.is(server.asked.length, 1);
});

const parts = test.macro<[ofConfig: string, ofRemote: number | undefined, sizes: readonly number[]]>({
  title: (_, ofConfig, ofRemote) =>
    `five examples are sent in parts where model.yaml says "${ofConfig}" and the remote ${ofRemote}`,
  async exec(t, ofConfig, ofRemote, sizes) {
    const server = sums({ maxBatch: ofRemote });
    const network = await open(t, server, yaml(ofConfig));
    const examples = Array.from({ length: 5 }, (_, n) => [51 * n, 0]);
    const outputs = await network.predict(batch(...examples), new Map());
    t.deepEqual(
      server.asked.map((feeds) => feeds.get('x')?.shape[0]),
      [...sizes],
    );
    t.deepEqual(
      rowsOf(outputs.get('y') ?? batch()).map(([sum = NaN]) => Math.round(10 * sum)),
      [0, 2, 4, 6, 8],
    );
  },
});
test(parts, '', undefined, [5]);
test(parts, '', 2, [2, 2, 1]);
test(parts, ', maxBatch: 3', undefined, [3, 2]);
test(parts, ', maxBatch: 3', 4, [3, 2]);
test(parts, ', maxBatch: 4', 1, [1, 1, 1, 1, 1]);

const changed = test.macro<[title: string, answer: RawTensors]>({
  title: (_, title) => `an answer is refused that is not what the remote had said: ${title}`,
  async exec(t, _, answer) {
    const network = await open(
      t,
      sums({}, () => answer),
    );
    const error = await t.throwsAsync<EngineError>(network.predict(batch([1, 2]), new Map()));
    t.is(error?.code, 'MODEL_CHANGED');
    t.regex(
      error?.message ?? '',
      /expected the remote model to answer with float32 \[1, 2\] for y.*load the model again/,
    );
  },
});
test(changed, 'no tensor', new Map());
test(changed, 'three classes', new Map([['y', floats([1, 2, 3], [1, 3])]]));
test(changed, 'another rank', new Map([['y', floats([1, 2], [1, 2, 1])]]));
test(changed, 'two rows for one', new Map([['y', floats([1, 2, 3, 4], [2, 2])]]));
test(changed, 'another type', new Map([['y', { ...floats([1], [1, 2]), dataType: 'int32' as const }]]));

test('it has no gradient, and says what attacks it all the same', async (t) => {
  const network = await open(t, sums());
  t.is(network.info.engine, 'remote');
  const [task] = network.info.tasks;
  t.false(task?.attackable);
  t.regex(task?.gradientObstacles.join() ?? '', /remote.*square/);
  const request = { tasks: [{ task: 'y', loss: 'margin' }], inputShape: [2], batchSize: 1 };
  await t.throwsAsync(network.program(request), { code: 'GRADIENT_UNAVAILABLE' });
});

test('its digest is of model.yaml and of what the remote says, and changes with either', async (t) => {
  const digest = async (change: Partial<RemoteDescription>, text?: string) =>
    (await open(t, sums(change), text)).info.sha256;
  const first = await digest({});
  t.regex(first, /^[0-9a-f]{64}$/);
  t.is(await digest({}), first);
  t.not(await digest({ versions: ['4'] }), first);
  t.not(await digest({}, yaml(', timeoutSeconds: 7')), first);
});

test('a task that reads what the remote does not have is refused, and the connection is closed', async (t) => {
  const server = sums();
  const text = yaml('', '  - { name: z, kind: regression }\n');
  const message = 'expected outputs of the remote model (y) for all tasks, got z';
  await t.throwsAsync(open(t, server, text), { code: 'INVALID_MODEL', message });
  t.false(server.isOpen());
});

test('where no remote can be reached a remote model is none', async (t) => {
  const options = { role: 'serve', runtime, memoryBudgetBytes: 2 ** 20 } as const;
  await t.throwsAsync(loadNetwork(sourceOf(new Uint8Array(), yaml()), options), { code: 'INVALID_MODEL' });
});
