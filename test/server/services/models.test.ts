import test from 'ava';
import type { RobustgateError } from '../../../src/clients/index.js';
import { ModelState } from '../../../src/contract/robustgate/v1/model.js';
import { EngineError } from '../../../src/engine/index.js';
import { addToy, toyGateway } from '../../support/toy-gateway.js';
import { toyInfo } from '../../support/toy-hosts.js';

test('models come by name and version, in pages', async (t) => {
  const { client } = await toyGateway(t, {}, { models: ['b', 'a', 'c'] });
  const names: string[] = [];
  let pageToken = '';
  let pages = 0;
  do {
    const page = await client.listModels({ pageSize: 2, pageToken });
    names.push(...page.models.map(({ name }) => name));
    pageToken = page.nextPageToken;
    pages++;
  } while (pageToken !== '');
  t.deepEqual([names, pages], [['a', 'b', 'c'], 2]);
});

for (const [field, request] of [
  ['page_size', { pageSize: 0 }],
  ['page_size', { pageSize: 1001 }],
  ['page_token', { pageToken: 'next' }],
  ['page_token', { pageToken: '-1' }],
] as const) {
  test(`a page of ${JSON.stringify(request)} is refused`, async (t) => {
    const { client } = await toyGateway(t);
    const error = await t.throwsAsync<RobustgateError>(client.listModels(request));
    t.is(error?.code, 'INVALID_REQUEST');
    t.deepEqual(
      error?.violations.map((violation) => violation.field),
      [field],
    );
  });
}

test('a model is told with all that is known of it, its operators only when it is asked for alone', async (t) => {
  const { client } = await toyGateway(t, {}, { models: ['extra'] });
  const { model } = await client.getModel({ name: 'extra' });
  t.like(model, {
    name: 'extra',
    version: '1',
    state: ModelState.SERVING,
    stateReason: '',
    sha256: 'sha of 1',
    engine: 'onnx',
    provider: 'cpu',
    description: 'a toy',
    labels: { kind: 'toy' },
    input: { name: 'x', kind: 'image', shape: [3n, 2n, 2n], layout: 'NCHW', colorOrder: 'RGB', rangeMax: 255 },
    operators: [{ type: 'Conv', count: 2, gradient: 1 }],
    extraInputs: [{ name: 'k', shape: [2n] }],
    quarantined: false,
  });
  t.is(model?.tasks.length, 5);
  t.like(model?.tasks[0], { name: 'segmentation', ignoreIndex: 255, attackable: true, shape: [3n, 2n, 2n] });
  const { models } = await client.listModels();
  t.deepEqual(models[0]?.operators, []);
});

test('a quarantine is told with its reason', async (t) => {
  const { client } = await toyGateway(t, { quarantineReason: () => 'its hosts keep dying' });
  const { model } = await client.getModel({ name: 'toy' });
  t.like(model, { quarantined: true, stateReason: 'its hosts keep dying', state: ModelState.SERVING });
});

test('a version that does not load is told with the reason, and is not ready', async (t) => {
  const { client } = await toyGateway(t, {
    load: async () => {
      throw new EngineError('INVALID_MODEL', 'expected weights, got none');
    },
  });
  const { model } = await client.getModel({ name: 'toy', version: '1' });
  t.like(model, { state: ModelState.FAILED, stateReason: 'expected weights, got none', input: undefined });
  const error = await t.throwsAsync<RobustgateError>(client.predict({ modelName: 'toy' }));
  t.like(error, { code: 'MODEL_NOT_READY', statusName: 'FAILED_PRECONDITION' });
  t.regex(error?.message ?? '', /expected weights, got none/);
});

for (const [what, request, metadata] of [
  ['an unknown model', { name: 'other' }, { model: 'other' }],
  ['no name', { name: '' }, { model: '' }],
  ['an unknown version', { name: 'toy', version: '9' }, { model: 'toy', version: '9' }],
] as const) {
  test(`${what} is not found`, async (t) => {
    const { client } = await toyGateway(t);
    const error = await t.throwsAsync<RobustgateError>(client.getModel(request));
    t.like(error, { code: 'MODEL_NOT_FOUND', statusName: 'NOT_FOUND', metadata });
  });
}

test('the newest version that serves answers where none is named', async (t) => {
  const { client, models } = await toyGateway(t, { load: async (source) => toyInfo(source) });
  await addToy(models, 'toy', '2');
  const { model } = await client.getModel({ name: 'toy' });
  t.is(model?.version, '1', 'explicit control takes nothing new while it serves');
});
