import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EngineError } from '../../../src/engine/errors.js';
import { readExternalFrom } from '../../../src/engine/models/onnx/external-files.js';
import { MODEL_SIZE_LIMITS, readModelSource } from '../../../src/engine/models/read-model-source.js';
import { decodeModel } from '../../../src/engine/onnx/decode-model.js';
import { externalLocations } from '../../../src/engine/onnx/external-locations.js';
import { importModel } from '../../../src/engine/onnx/import/import-model.js';
import type { Graph, Tensor } from '../../../src/engine/onnx/schema/onnx.js';
import { expectSameOutputs, randomFloats, randomInput, runModel } from '../../support/models.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { fileOf, wireAttribute, wireGraph, wireModel, wireNode, wireTensor } from '../../support/wire.js';

/** A temporary folder called `street`, with these files in it. */
async function modelFolder(t: ExecutionContext, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = join(await temporaryFolder(t), 'street');
  for (const [name, content] of Object.entries({ 'model.yaml': 'tasks: []', ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  return folder;
}

const external = (name: string, fields: Readonly<Record<string, string>>, dims = [3n]): Tensor =>
  wireTensor({
    name,
    dims,
    dataLocation: 1,
    externalData: Object.entries(fields).map(([key, value]) => ({ key, value })),
  });

/** y = x · w + b, with w and b beside the file. */
const file = (
  w: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>> = { location: 'b.bin' },
  more: Partial<Graph> = {},
): Uint8Array =>
  fileOf(
    wireModel({
      node: [
        wireNode({ opType: 'Mul', input: ['x', 'w'], output: ['m'] }),
        wireNode({ opType: 'Add', input: ['m', 'b'], output: ['y'] }),
      ],
      initializer: [external('w', w), external('b', b)],
      ...more,
    }),
  );
const [w, b] = [randomFloats([3], 'w').bytes, randomFloats([3], 'b').bytes];
const sha256 = (...parts: readonly Uint8Array[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex');

test('a model without files beside it is read, and hashed as the file', async (t) => {
  const bytes = fileOf(wireModel());
  const folder = await modelFolder(t, { '3/model.onnx': bytes });
  const source = await readModelSource(folder, '3');
  t.deepEqual(source, {
    name: 'street',
    version: '3',
    configText: 'tasks: []',
    file: new Uint8Array(bytes),
    externalFiles: new Map(),
    sha256: sha256(bytes),
  });
});

test('files beside a model are read once, hashed in the order of their paths, and used by both ways to run it', async (t) => {
  const both = Buffer.concat([new Uint8Array(64), w]);
  const model = file({ location: 'data/w.bin', offset: '64', length: '12' }, { location: 'b.bin' });
  const folder = await modelFolder(t, { '1/model.onnx': model, '1/data/w.bin': both, '1/b.bin': b });
  const source = await readModelSource(folder, '1');
  t.deepEqual([...source.externalFiles.keys()].toSorted(), ['b.bin', 'data/w.bin']);
  t.is(source.sha256, sha256(model, b, both));

  const feeds = { x: randomInput([2, 3]) };
  const original = await runModel({ file: source.file, externalTensors: source.externalFiles }, feeds);
  const imported = importModel(decodeModel(source.file, readExternalFrom(source.externalFiles)));
  expectSameOutputs(t, await runModel(imported, feeds), original);
});

test('a file that is named in two ways is read once', async (t) => {
  const folder = await modelFolder(t, {
    '1/model.onnx': file({ location: 'w.bin' }, { location: './w.bin' }),
    '1/w.bin': w,
  });
  const { externalFiles } = await readModelSource(folder, '1', { ...MODEL_SIZE_LIMITS, totalBytes: 400 });
  t.is(externalFiles.get('w.bin'), externalFiles.get('./w.bin'));
});

test('a link to a file in the folder is followed', async (t) => {
  const folder = await modelFolder(t, {
    '1/model.onnx': file({ location: 'w.bin' }),
    '1/..data/real.bin': w,
    '1/b.bin': b,
  });
  await symlink(join('..data', 'real.bin'), join(folder, '1', 'w.bin'));
  t.deepEqual((await readModelSource(folder, '1')).externalFiles.get('w.bin'), w);
});

test('tensors beside the file are found in branches, attributes, functions and sparse tensors', (t) => {
  const at = (name: string): Tensor => external(name, { location: `${name}.bin`, offset: '8', length: '12' });
  const sparse = { values: at('values'), indices: at('indices'), dims: [9n] };
  const branch = wireGraph({ initializer: [at('inner')], sparseInitializer: [sparse] });
  const bytes = fileOf(
    wireModel(
      {
        node: [wireNode({ attribute: [wireAttribute({ t: at('attribute') }), wireAttribute({ g: branch })] })],
        initializer: [at('outer'), wireTensor({ name: 'here' })],
      },
      {
        functions: [
          {
            name: 'F',
            input: [],
            output: [],
            attribute: [],
            node: [wireNode({ attribute: [wireAttribute({ t: at('function') })] })],
            opsetImport: [],
            domain: '',
            attributeProto: [wireAttribute({ sparseTensor: { ...sparse, indices: undefined } })],
            overload: '',
          },
        ],
      },
    ),
  );
  t.deepEqual(externalLocations(bytes)[0], { tensor: 'outer', location: 'outer.bin', offset: 8, length: 12 });
  t.is(
    externalLocations(bytes)
      .map(({ tensor }) => tensor)
      .join(' '),
    'outer attribute inner values indices function values',
  );
});

const refuses = test.macro<
  [files: Readonly<Record<string, string | Uint8Array>>, message: string | RegExp, version?: string]
>({
  title: (what) => `${what} is refused`,
  async exec(t, files, message, version = '1') {
    const folder = await modelFolder(t, files);
    await writeFile(join(folder, '..', 'secret'), new Uint8Array(12));
    await symlink(join('..', '..', 'secret'), join(folder, '1', 'leaves.bin')).catch(() => undefined);
    await symlink('loop.bin', join(folder, '1', 'loop.bin')).catch(() => undefined);
    const limits = { configBytes: 100, fileBytes: 4000, totalBytes: 6000 };
    const error = await t.throwsAsync(readModelSource(folder, version, limits), { instanceOf: EngineError });
    t.is(error?.code, 'INVALID_MODEL');
    if (typeof message === 'string') t.is(error?.message, message);
    else t.regex(error?.message ?? '', message);
    t.false(error?.message.includes(folder) ?? true, 'where models are kept is nobody’s business');
  },
});

const inFile = (location: string, more = {}): Record<string, Uint8Array> => ({
  '1/model.onnx': file({ location, ...more }),
  '1/w.bin': w,
  '1/b.bin': b,
});
const outside = "expected a place in the model's own folder for tensor w in ";
test('a place in the folder above', refuses, inFile('../secret'), `${outside}../secret, got one outside`);
test(
  'a place in the folder above, the long way round',
  refuses,
  inFile('a/../../../secret'),
  `${outside}a/../../../secret, got one outside`,
);
test('a place above that leads back', refuses, inFile('../1/w.bin'), `${outside}../1/w.bin, got one outside`);
test('an absolute place', refuses, inFile('/etc/passwd'), `${outside}/etc/passwd, got one outside`);
test('a place with a 0 byte in it', refuses, inFile('w.bin\0.png'), `${outside}w.bin\0.png, got one outside`);
test('a link that leaves the folder', refuses, inFile('leaves.bin'), `${outside}leaves.bin, got a link that leaves it`);
test('a link to itself', refuses, inFile('loop.bin'), 'expected a file for tensor w in loop.bin, got ELOOP');
test('the folder itself', refuses, inFile('.'), `${outside}., got a link that leaves it`);
test('a folder', refuses, { ...inFile('d'), '1/d/w.bin': w }, 'expected a file for tensor w in d, got something else');
test('a missing file', refuses, inFile('nowhere.bin'), 'expected a file for tensor w in nowhere.bin, got none');
test(
  'a file that is too short',
  refuses,
  inFile('w.bin', { offset: '4', length: '12' }),
  'expected 16 bytes or more for tensor w in w.bin, got 12',
);
test(
  'an offset beyond the end',
  refuses,
  inFile('w.bin', { offset: '13' }),
  'expected 13 bytes or more for tensor w in w.bin, got 12',
);
test(
  'a file beside the model that is too large',
  refuses,
  { ...inFile('big.bin'), '1/big.bin': new Uint8Array(4001) },
  'expected at most 4000 bytes for tensor w in big.bin, got 4001',
);
test(
  'files that are too large together',
  refuses,
  {
    '1/model.onnx': file({ location: 'w.bin' }),
    '1/w.bin': new Uint8Array(3900),
    '1/b.bin': new Uint8Array(3900),
  },
  /^expected at most 1\d{3} bytes for tensor b in b\.bin, got 3900$/,
);
test(
  'a model file that is too large',
  refuses,
  { '1/model.onnx': new Uint8Array(4001) },
  'expected at most 4000 bytes for street/1/model.onnx, got 4001',
);
test('a missing model file', refuses, { '1/other': '' }, 'expected a file for street/1/model.onnx, got none');
test('a missing version', refuses, inFile('w.bin'), 'expected a file for street/2/model.onnx, got none', '2');
test('a version that is a path', refuses, inFile('w.bin'), 'expected a version of 1 to 15 digits, got "../1"', '../1');
test(
  'a model.yaml that is too large',
  refuses,
  { ...inFile('w.bin'), 'model.yaml': 'x'.repeat(101) },
  'expected at most 100 bytes for street/model.yaml, got 101',
);
test(
  'a model file that is none',
  refuses,
  { '1/model.onnx': Uint8Array.of(0x3a, 0x7f, 0) },
  /^expected an ONNX model, got bytes that are none/,
);

test('a pipe is refused at once', async (t) => {
  const folder = await modelFolder(t, inFile('pipe'));
  const makePipe = 'mkfifo';
  execFileSync(makePipe, [join(folder, '1', 'pipe')]);
  const error = await t.throwsAsync(readModelSource(folder, '1'), { instanceOf: EngineError });
  t.is(error?.message, 'expected a file for tensor w in pipe, got something else');
});

test('a model without a model.yaml is refused', async (t) => {
  const folder = await modelFolder(t, inFile('w.bin'));
  await rm(join(folder, 'model.yaml'));
  const error = await t.throwsAsync(readModelSource(folder, '1'), { instanceOf: EngineError });
  t.is(error?.message, 'expected a file for street/model.yaml, got none');
});

test('a tensor in a file that did not come with the model is refused', (t) => {
  const read = readExternalFrom(new Map([['w.bin', w]]));
  const error = t.throws(() => decodeModel(file({ location: 'w.bin' }), read), { instanceOf: EngineError });
  t.is(error?.message, 'expected a file for tensor b in b.bin, got none');
});

test('a remote model has no file, and the version is there all the same', async (t) => {
  const text = 'engine: remote\ntasks: []';
  const source = await readModelSource(await modelFolder(t, { 'model.yaml': text }), '1');
  t.deepEqual(source, {
    name: 'street',
    version: '1',
    configText: text,
    file: new Uint8Array(),
    externalFiles: new Map(),
    sha256: createHash('sha256').update(text).digest('hex'),
  });
});
