import test from 'ava';
import { ModelState } from '../../../src/clients/index.js';
import { GetModelResponse, ListModelsResponse } from '../../../src/contract/robustgate/v1/model.js';
import { runCli } from '../../support/run-cli.js';
import { type Script, scriptedGateway } from '../../support/scripted-gateway.js';

const model = {
  name: 'street',
  version: '2',
  state: ModelState.SERVING,
  sha256: 'abc',
  engine: 'onnx',
  provider: 'cpu',
  input: { name: 'x', kind: 'image', shape: [3, -1, 4], layout: 'NCHW', colorOrder: 'RGB', rangeMax: 255 },
  tasks: [
    {
      name: 'class',
      kind: 'classification',
      shape: [2],
      loss: 'cross-entropy',
      metric: 'accuracy',
      classes: ['cat', 'dog'],
      attackable: true,
    },
    {
      name: 'depth',
      kind: 'depth',
      shape: [1, 2, 2],
      loss: 'l1',
      metric: 'absolute-error',
      unit: 'm',
      gradientObstacles: ['no rule for Loop'],
    },
  ],
};

test('models lists the models of all pages, for people and as JSON', async (t) => {
  const script: Script = {
    listModels: (call, answer) => {
      const isFirst = call.request.pageToken === '';
      const models = [
        isFirst ? model : { ...model, version: '1', state: ModelState.FAILED, stateReason: 'no weights' },
      ];
      answer(null, ListModelsResponse.create({ models, nextPageToken: isFirst ? 'p2' : '' }));
    },
  };
  const server = await scriptedGateway(t, script);
  const { code, stdout } = await runCli(['models', '--server', server]);
  t.is(code, 0);
  t.regex(stdout, /^street +2 +class, depth +image 3×\?×4 +serving$/m);
  t.regex(stdout, /^street +1 .* failed: no weights$/m);
  const json = JSON.parse((await runCli(['models', '--server', server, '--json'])).stdout);
  t.deepEqual(
    json.models.map((entry: { version: string; state: string }) => [entry.version, entry.state]),
    [
      ['2', 'SERVING'],
      ['1', 'FAILED'],
    ],
  );
});

test('models NAME describes a version of it', async (t) => {
  const server = await scriptedGateway(t, {
    getModel: (call, answer) => {
      t.like(call.request, { name: 'street', version: '2' });
      answer(
        null,
        GetModelResponse.create({ model: { ...model, operators: [{ type: 'Loop', count: 2, gradient: 3 }] } }),
      );
    },
  });
  const { stdout } = await runCli(['models', 'street', '--version', '2', '--server', server]);
  t.regex(stdout, /^class +classification +2 +cross-entropy +accuracy +yes$/m);
  t.regex(stdout, /^depth +depth +1×2×2 +l1 +absolute-error in m +no: no rule for Loop$/m);
  t.regex(stdout, /^Loop +2 +missing$/m);
});
