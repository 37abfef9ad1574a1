import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readModelSource } from '../../../../src/engine/models/read-model-source.js';
import { readModelJson } from '../../../../src/engine/models/tfjs/model-json.js';
import { openNetwork } from '../../../support/small-models.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { graphModel, graphNode, placeholder, tfjsSource } from '../../../support/tfjs.js';

const weight = (name: string, shape: readonly number[], more: object = {}): object => ({
  name,
  shape,
  dtype: 'float32',
  ...more,
});

const modelJson = (groups: readonly object[], more: object = {}): string =>
  JSON.stringify({ format: 'graph-model', modelTopology: { node: [] }, weightsManifest: groups, ...more });

/** A folder with version 1 of a TF.js model. */
async function modelFolder(t: ExecutionContext, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = join(await temporaryFolder(t), 'toy');
  await mkdir(join(folder, '1/shards'), { recursive: true });
  await writeFile(join(folder, 'model.yaml'), 'engine: tfjs\n');
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, '1', name), content);
  return folder;
}

test('a model is read with its shards, also where a weight lies across two of them', async (t) => {
  const group = { paths: ['a.bin', 'shards/b.bin'], weights: [weight('w', [2]), weight('v', [1])] };
  const folder = await modelFolder(t, {
    'model.json': modelJson([group]),
    'a.bin': new Uint8Array(6),
    'shards/b.bin': new Uint8Array(6),
  });
  const { name, externalFiles, sha256, file } = await readModelSource(folder, '1');
  t.is(name, 'toy');
  t.deepEqual([...externalFiles.keys()], ['a.bin', 'shards/b.bin']);
  t.is(Buffer.from(file).toString(), modelJson([group]));
  await writeFile(join(folder, '1/a.bin'), Uint8Array.of(0, 0, 0, 0, 0, 1));
  t.not((await readModelSource(folder, '1')).sha256, sha256);
});

const refuses = test.macro<[files: Readonly<Record<string, string | Uint8Array>>, message: string | RegExp]>({
  title: (name) => `${name} is refused`,
  async exec(t, files, message) {
    await t.throwsAsync(readModelSource(await modelFolder(t, files), '1'), { code: 'INVALID_MODEL', message });
  },
});
const withShard = (path: string, bytes = 8): Readonly<Record<string, string | Uint8Array>> => ({
  'model.json': modelJson([{ paths: [path], weights: [weight('w', [2])] }]),
  'w.bin': new Uint8Array(bytes),
});

test('no model.json', refuses, { 'model.onnx': '' }, 'expected a file for toy/1/model.json, got none');
test(
  'a shard that is too short',
  refuses,
  withShard('w.bin', 7),
  'expected 8 bytes in w.bin, as its weights take, got 7',
);
test(
  'a shard that is too long',
  refuses,
  withShard('w.bin', 9),
  'expected 8 bytes in w.bin, as its weights take, got 9',
);
test('a missing shard', refuses, withShard('v.bin'), 'expected a file for the weight shard v.bin, got none');
test('a shard above the folder', refuses, withShard('../model.yaml'), /got one outside$/);
test('a shard by an absolute path', refuses, withShard('/etc/hostname'), /got one outside$/);
test(
  'text as a weight',
  refuses,
  { 'model.json': modelJson([{ paths: [], weights: [weight('w', [1], { dtype: 'string' })] }]) },
  'expected numbers in the weight w, got string',
);
test(
  'a weight twice',
  refuses,
  { 'model.json': modelJson([{ paths: [], weights: [weight('w', [0]), weight('w', [0])] }]) },
  'expected a name of its own for each weight, got w twice',
);
test(
  'another format',
  refuses,
  { 'model.json': modelJson([], { format: 'saved-model' }) },
  'expected the format layers-model or graph-model, got saved-model',
);
test('no JSON', refuses, { 'model.json': 'weights' }, /^expected JSON in model\.json, got: /);
test(
  'JSON of something else',
  refuses,
  { 'model.json': '{"name":"x"}' },
  /^expected a model\.json of TF\.js, got modelTopology: /,
);

test('a shard behind a link that leaves the folder is refused', async (t) => {
  const folder = await modelFolder(t, withShard('link.bin'));
  await writeFile(join(folder, 'outside.bin'), new Uint8Array(8));
  await symlink(join(folder, 'outside.bin'), join(folder, '1/link.bin'));
  await t.throwsAsync(readModelSource(folder, '1'), { code: 'INVALID_MODEL', message: /got a link that leaves it$/ });
});

test('a file that does not say its format is known by its topology', (t) => {
  const kindOf = (modelTopology: object): string => readModelJson(Buffer.from(JSON.stringify({ modelTopology }))).kind;
  t.is(kindOf({ node: [] }), 'graph-model');
  t.is(kindOf({ model_config: {} }), 'layers-model');
  t.is(kindOf({ class_name: 'Model', config: {} }), 'layers-model');
  t.throws(() => kindOf({ layers: [] }), { message: 'expected a topology with nodes or layers, got one with layers' });
});

test('quantised weights are what their numbers stand for', async (t) => {
  const [text] = graphModel([placeholder('x', [-1, 2]), graphNode('Mul', 'x w', 'm'), graphNode('AddV2', 'm h', 'y')], {
    w: { dataType: 'float32', shape: [2], bytes: new Uint8Array(8) },
    h: { dataType: 'float32', shape: [2], bytes: new Uint8Array(8) },
  });
  const json = JSON.parse(text);
  json.weightsManifest[0].weights = [
    weight('w', [2], { quantization: { dtype: 'uint8', scale: 0.5, min: -1 } }),
    weight('h', [2], { quantization: { dtype: 'float16' } }),
  ];
  // 0.5 · 4 − 1 = 1 and 0.5 · 6 − 1 = 2; 1.5 and −2 with 16 bits.
  const bytes = Uint8Array.of(4, 6, 0x00, 0x3e, 0x00, 0xc0);
  const source = tfjsSource(JSON.stringify(json), bytes, {
    backends: ['wasm'],
    input: { kind: 'features', range: [0, 255] },
    tasks: [{ name: 'y', kind: 'regression' }],
  });
  const network = await openNetwork(t, source);
  const outputs = await network.predict({ data: Float32Array.of(3, 3), shape: [1, 2] }, new Map());
  t.deepEqual([...(outputs.get('y')?.data ?? [])], [4.5, 4]);
});
