import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { ModelState, tensorFrom } from '../../../src/clients/index.js';
import { GetModelResponse } from '../../../src/contract/robustgate/v1/model.js';
import { PredictResponse } from '../../../src/contract/robustgate/v1/predict.js';
import { decodeNpy } from '../../../src/engine/index.js';
import { accuracy } from '../../support/attack-script.js';
import { runCli } from '../../support/run-cli.js';
import { scriptedGateway } from '../../support/scripted-gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

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

test('predict tells classes by name, and writes maps and numbers as files', async (t) => {
  const folder = await temporaryFolder(t);
  const image = join(folder, 'a.png');
  await writeFile(image, 'image');
  const map = tensorFrom(Uint8Array.of(0, 1, 1, 1), [2, 2]);
  const tasks = [
    { task: 'class', labels: tensorFrom(Int32Array.of(1), []), metric: accuracy(1) },
    { task: 'parts', labels: map },
    { task: 'depth', values: tensorFrom(Float32Array.of(1, 2, 3, 6), [1, 2, 2]) },
  ];
  const server = await scriptedGateway(t, {
    getModel: (_, answer) => answer(null, GetModelResponse.create({ model })),
    predict: (call, answer) => {
      t.deepEqual(call.request.tasks, ['class', 'depth']);
      t.deepEqual(Object.values(call.request.examples[0]?.labels ?? {})[0]?.value, { $case: 'classId', value: 1n });
      answer(null, PredictResponse.create({ modelVersion: '2', predictions: [{ exampleKey: 'a.png', tasks }] }));
    },
  });
  const argv = [
    'predict',
    '--server',
    server,
    '--model',
    'street',
    '--image',
    image,
    '--label',
    'class=1',
    '--task',
    'class',
    '--task',
    'depth',
  ];
  const { code, stdout } = await runCli([...argv, '--out', join(folder, 'out')]);
  t.is(code, 0);
  t.regex(stdout, /^a\.png +class +dog +accuracy 1\.0000$/m);
  t.regex(stdout, /^a\.png +depth +1×2×2 numbers, mean 3\.0000$/m);
  t.deepEqual((await readdir(join(folder, 'out'))).sort(), ['a.class.npy', 'a.depth.npy', 'a.parts.png']);
  t.deepEqual(decodeNpy(await readFile(join(folder, 'out/a.depth.npy'))).data, Float32Array.of(1, 2, 3, 6));
  const json = JSON.parse((await runCli([...argv, '--json'])).stdout);
  t.deepEqual(json.predictions[0].tasks[2].values, { datatype: 'FP32', shape: [1, 2, 2], values: [1, 2, 3, 6] });
});
