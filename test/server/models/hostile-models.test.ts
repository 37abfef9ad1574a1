// Files that are no models, as somebody could put them into the repository.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ModelState } from '../../../src/clients/index.js';
import { encodeModel } from '../../../src/engine/onnx/encode-model.js';
import { float32Tensor } from '../../../src/engine/onnx/tensor-value.js';
import { addVersion, copyDemoModels, demoModels, gatewayOf, sceneExample } from '../../support/gateway.js';
import { float32, modelFile, node } from '../../support/small-models.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const street = readFileSync(join(demoModels, 'street/1/model.onnx'));
const config = 'input: { kind: features, range: [0, 1] }\ntasks: [{ name: y, kind: regression }]\n';
const [x, y] = [float32('x', 'N', 2), float32('y', 'N', 2)];

/** Its weight says to be in a file of which the name is a path. */
function elsewhere(path: string): Uint8Array {
  const { file, externalTensors } = encodeModel({
    irVersion: 8,
    opsets: new Map([['', 18]]),
    graph: {
      name: 'g',
      inputs: [x],
      outputs: [y],
      nodes: [node('Mul', ['x', 'w'], ['y'])],
      initializers: new Map([['w', float32Tensor(new Float32Array(2 ** 10), [2 ** 10])]]),
    },
    functions: [],
    producer: 'test',
  });
  const [name = ''] = externalTensors.keys();
  const bytes = Buffer.from(file);
  const at = bytes.indexOf(name);
  if (path.length !== name.length || at < 0) throw new Error(`expected a path of ${name.length} characters`);
  bytes.write(path, at);
  return bytes;
}

const hostile: Readonly<Record<string, readonly [model: Uint8Array, reason: RegExp]>> = {
  truncated: [street.subarray(0, street.length / 2), /expected/],
  noise: [Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251), /expected/],
  empty: [new Uint8Array(), /expected/],
  cyclic: [
    modelFile({ inputs: [x], outputs: [y], nodes: [node('Add', ['x', 'y'], ['z']), node('Relu', ['z'], ['y'])] }),
    /expected .*(before|order|cycle|defined|value)/,
  ],
  absurd: [
    modelFile({
      inputs: [float32('x', 'N', 2 ** 40, 2 ** 40)],
      outputs: [float32('y', 'N', 2 ** 40, 2 ** 40)],
      nodes: [node('Relu', ['x'], ['y'])],
    }),
    /expected/,
  ],
  outside: [elsewhere('../../../'.slice(0, 8)), /own folder/],
};

test('none of them loads, each says why, and the model beside them is served all the time', async (t) => {
  const repository = await temporaryFolder(t);
  await copyDemoModels(repository);
  for (const [name, [model]] of Object.entries(hostile)) await addVersion(repository, name, '1', { config, model });
  const { client } = await gatewayOf(t, repository);
  const { models } = await client.listModels({});
  for (const [name, [, reason]] of Object.entries(hostile)) {
    const model = models.find((candidate) => candidate.name === name);
    t.is(model?.state, ModelState.FAILED, name);
    t.regex(model?.stateReason ?? '', reason, name);
  }
  const { predictions } = await client.predict({ modelName: 'street', examples: [sceneExample(0)] });
  t.is(predictions.length, 1);
});
