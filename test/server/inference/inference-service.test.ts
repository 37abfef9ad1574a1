import { once } from 'node:events';
import { Metadata, status } from '@grpc/grpc-js';
import test from 'ava';
import type {
  ModelConfigResponse,
  ModelInferResponse,
  ModelMetadataResponse,
  ModelStatisticsResponse,
  ModelStreamInferResponse,
  RepositoryIndexResponse,
} from '../../../src/contract/inference/open_inference.js';
import { EngineError } from '../../../src/engine/index.js';
import { emptyContents } from '../../../src/host/open-inference/datatypes.js';
import { call, inferenceClient, inferRequest } from '../../support/inference-client.js';
import { addToy, sharedToyGateway, toyGateway } from '../../support/toy-gateway.js';

const gateway = sharedToyGateway({ before: (start) => test.before(start), after: (end) => test.after.always(end) });
const clientOf = (t: Parameters<typeof inferenceClient>[0]) => inferenceClient(t, gateway().gateway.grpcAddress);

const values = Float32Array.from({ length: 12 }, (_, i) => i / 4);
const raw = Buffer.from(values.buffer);
const x = { name: 'x', shape: [1n, 3n, 2n, 2n] };
const typed = { ...x, contents: { ...emptyContents(), fp32Contents: [...values] } };

test('raw tensors are answered raw, typed ones typed, with the id and the version that ran', async (t) => {
  const client = clientOf(t);
  const asked = inferRequest('toy', [x], { id: 'seven', rawInputContents: [raw] });
  const first = await call<ModelInferResponse>(client, 'modelInfer', asked);
  t.like(first, { modelName: 'toy', modelVersion: '1', id: 'seven' });
  t.like(first.outputs[0], { name: 'y', datatype: 'FP32', shape: [1n, 3n, 2n, 2n], contents: undefined });
  t.deepEqual(Buffer.from(first.rawOutputContents[0] ?? []), raw);

  const second = await call<ModelInferResponse>(client, 'modelInfer', inferRequest('toy', [typed]));
  t.deepEqual(second.rawOutputContents, []);
  t.deepEqual(second.outputs[0]?.contents?.fp32Contents, [...values]);
});

const NONE = { parameterChoice: undefined };

const REFUSED: readonly [title: string, request: object, text: RegExp][] = [
  [
    'raw beside typed contents',
    inferRequest('toy', [typed], { rawInputContents: [raw] }),
    /expected none beside raw_input_contents/,
  ],
  [
    'fewer raw entries than inputs',
    inferRequest('toy', [x, x], { rawInputContents: [raw] }),
    /expected an entry for each of 2 inputs, got 1/,
  ],
  [
    'an input of another name',
    inferRequest('toy', [{ ...typed, name: 'z' }]),
    /expected one of x, got z.*expected a tensor for x/,
  ],
  ['an input that comes twice', inferRequest('toy', [typed, typed]), /expected each input once/],
  ['no input', inferRequest('toy', []), /expected a tensor for x, got none/],
  ['another type', inferRequest('toy', [{ ...typed, datatype: 'INT8' }]), /expected FP32 for x, got INT8/],
  [
    'another shape',
    inferRequest('toy', [{ ...typed, shape: [1n, 3n, 2n] }]),
    /expected shape \[-1, 3, 2, 2\], got \[1, 3, 2\]/,
  ],
  ['a batch of none', inferRequest('toy', [{ ...typed, shape: [0n, 3n, 2n, 2n] }]), /of length 1 …/],
  [
    'more examples than may be',
    inferRequest('toy', [{ ...typed, shape: [300n, 3n, 2n, 2n] }]),
    /expected at most 256 examples, got 300/,
  ],
  [
    'bytes that are too few',
    inferRequest('toy', [x], { rawInputContents: [raw.subarray(4)] }),
    /expected 48 bytes .* got 44/,
  ],
  ['neither raw nor typed', inferRequest('toy', [x]), /expected contents or raw_input_contents for x, got neither/],
  [
    'an output that there is not',
    inferRequest('toy', [typed], { outputs: [{ name: 'q', parameters: {} }] }),
    /expected one of y, got q/,
  ],
  [
    'shared memory',
    inferRequest('toy', [{ ...typed, parameters: { shared_memory_region: NONE } }]),
    /shared_memory_region: expected a parameter that is supported/,
  ],
  [
    "a reserved parameter of Triton's",
    inferRequest('toy', [typed], { parameters: { triton_x: NONE } }),
    /triton_x: expected a parameter/,
  ],
];

for (const [title, request, text] of REFUSED) {
  test(`${title} is refused as INVALID_ARGUMENT`, async (t) => {
    const error = await t.throwsAsync(call(clientOf(t), 'modelInfer', request));
    t.like(error, { code: status.INVALID_ARGUMENT });
    t.regex(error?.message ?? '', text);
  });
}

test('parameters that mean nothing here are ignored', async (t) => {
  const parameters = { anything: NONE, triton_enable_empty_final_response: NONE };
  await t.notThrowsAsync(call(clientOf(t), 'modelInfer', inferRequest('toy', [typed], { parameters })));
});

test('a model that there is not is NOT_FOUND, one that is not ready is UNAVAILABLE', async (t) => {
  t.like(await t.throwsAsync(call(clientOf(t), 'modelInfer', inferRequest('none', [typed]))), {
    code: status.NOT_FOUND,
  });
  const { gateway: other } = await toyGateway(t, {
    load: async () => {
      throw new EngineError('INVALID_MODEL', 'expected a model');
    },
  });
  const error = await t.throwsAsync(
    call(inferenceClient(t, other.grpcAddress), 'modelInfer', inferRequest('toy', [typed])),
  );
  t.like(error, { code: status.UNAVAILABLE });
});

test('health and metadata are told as the protocol has them', async (t) => {
  const client = clientOf(t);
  t.deepEqual(await call(client, 'serverLive', {}), { live: true });
  t.deepEqual(await call(client, 'serverReady', {}), { ready: true });
  t.deepEqual(await call(client, 'modelReady', { name: 'toy', version: '' }), { ready: true });
  t.deepEqual(await call(client, 'modelReady', { name: 'toy', version: '2' }), { ready: false });
  t.deepEqual(await call(client, 'modelReady', { name: 'none', version: '' }), { ready: false });
  t.like(await call(client, 'serverMetadata', {}), { name: 'robustgate' });
  const metadata = await call<ModelMetadataResponse>(client, 'modelMetadata', { name: 'toy', version: '' });
  t.like(metadata, { name: 'toy', versions: ['1'], platform: 'onnxruntime_onnx', properties: {} });
  t.deepEqual(metadata.inputs, [{ name: 'x', datatype: 'FP32', shape: [-1n, 3n, 2n, 2n] }]);
});

test('what tasks mean is told to those who ask for it', async (t) => {
  const request = { name: 'toy', version: '' };
  const asked = { 'robustgate-properties': 'true' };
  const { properties } = await call<ModelMetadataResponse>(clientOf(t), 'modelMetadata', request, asked);
  t.like(properties, {
    'robustgate.epsilon_unit': '1/255',
    'robustgate.task.segmentation.ignore_index': '255',
    'robustgate.task.depth.unit': 'm',
  });
});

test('the configuration leaves the batch axis out of dims where it may be of any length', async (t) => {
  const { config } = await call<ModelConfigResponse>(clientOf(t), 'modelConfig', { name: 'toy', version: '' });
  t.like(config, { maxBatchSize: 256, backend: 'onnxruntime' });
  t.deepEqual(config?.input[0]?.dims, [3n, 2n, 2n]);
});

test('statistics count examples, executions and failures', async (t) => {
  const { gateway: own } = await toyGateway(t);
  const client = inferenceClient(t, own.grpcAddress);
  const two = { ...x, shape: [2n, 3n, 2n, 2n] };
  await call(client, 'modelInfer', inferRequest('toy', [two], { rawInputContents: [Buffer.concat([raw, raw])] }));
  await t.throwsAsync(call(client, 'modelInfer', inferRequest('toy', [])));
  const { modelStats } = await call<ModelStatisticsResponse>(client, 'modelStatistics', { name: '', version: '' });
  t.like(modelStats[0], { name: 'toy', version: '1', inferenceCount: 2n, executionCount: 1n });
  const { success, fail, computeInfer } = modelStats[0]?.inferenceStats ?? {};
  t.deepEqual([success?.count, fail?.count, computeInfer?.count], [1n, 1n, 1n]);
  t.true((success?.ns ?? 0n) > 0n);
});

async function streamed(
  t: Parameters<typeof inferenceClient>[0],
  requests: readonly object[],
  metadata = new Metadata(),
) {
  const stream = clientOf(t).modelStreamInfer(metadata);
  const replies: ModelStreamInferResponse[] = [];
  stream.on('data', (reply: ModelStreamInferResponse) => replies.push(reply));
  const error = once(stream, 'error').then(([failure]) => failure as Error & { code: number });
  const end = once(stream, 'end').then(() => undefined);
  for (const request of requests) stream.write(request as never);
  stream.end();
  return { replies, error: await Promise.race([error, end]) };
}

test('a stream answers each request in order; one that is wrong has its error in its place', async (t) => {
  const { replies, error } = await streamed(t, [
    inferRequest('toy', [typed], { id: 'a' }),
    inferRequest('none', [typed], { id: 'b' }),
    inferRequest('toy', [typed], { id: 'c' }),
  ]);
  t.is(error, undefined);
  t.deepEqual(
    replies.map(({ inferResponse }) => inferResponse?.id),
    ['a', undefined, 'c'],
  );
  t.regex(replies[1]?.errorMessage ?? '', /expected one of the models toy, got none/);
});

test('a stream that asks for it ends with the status of its first error', async (t) => {
  const metadata = new Metadata();
  metadata.set('triton_grpc_error', 'true');
  const { error } = await streamed(t, [inferRequest('none', [typed]), inferRequest('toy', [typed])], metadata);
  t.is(error?.code, status.NOT_FOUND);
});

for (const [title, request] of [
  ["in Triton's layout", { repositoryName: '', modelName: 'late', parameters: {} }],
  ["in KServe's layout", { repositoryName: 'late', modelName: '', parameters: {} }],
] as const) {
  test(`models are loaded and unloaded ${title}`, async (t) => {
    const { gateway: own, models } = await toyGateway(t);
    const client = inferenceClient(t, own.grpcAddress);
    const states = async () => {
      const { models: index } = await call<RepositoryIndexResponse>(client, 'repositoryIndex', {
        repositoryName: '',
        ready: true,
      });
      return index.map(({ name, state }) => `${name} ${state}`);
    };
    await addToy(models, 'late', '1');
    t.deepEqual(await states(), ['toy READY']);
    t.deepEqual(await call(client, 'repositoryModelLoad', request), { modelName: 'late', isLoaded: true });
    t.deepEqual(await states(), ['late READY', 'toy READY']);
    t.deepEqual(await call(client, 'repositoryModelUnload', request), { modelName: 'late', isUnloaded: true });
    t.deepEqual(await states(), ['toy READY']);
    await call(client, 'repositoryModelLoad', request);
    t.deepEqual(await states(), ['late READY', 'toy READY'], 'what was unloaded can come back');
  });
}

test('loading a model that is not in the repository, and with files of its own, is refused', async (t) => {
  const load = (modelName: string, parameters = {}) =>
    call(clientOf(t), 'repositoryModelLoad', { repositoryName: '', modelName, parameters });
  t.like(await t.throwsAsync(load('nobody')), { code: status.NOT_FOUND });
  t.like(await t.throwsAsync(load('toy', { config: {} })), { code: status.INVALID_ARGUMENT });
});
