import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { UsageError } from '../../src/cli/context.js';
import { type ExampleOptions, expandPattern, readExamples } from '../../src/cli/examples.js';
import { type Client, connect, type Example } from '../../src/clients/index.js';
import { GetModelResponse } from '../../src/contract/robustgate/v1/model.js';
import { encodeNpy, type NpyArray } from '../../src/engine/index.js';
import { scriptedGateway } from '../support/scripted-gateway.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A gateway whose model takes inputs of shape [3, 2, 2], and a folder with the given files. */
async function setUp(t: ExecutionContext, files: Record<string, string | NpyArray>) {
  const address = await scriptedGateway(t, {
    getModel: (_, answer) => answer(null, GetModelResponse.create({ model: { input: { shape: [3, 2, 2] } } })),
  });
  const client = connect(address);
  t.teardown(() => client.close());
  const folder = await temporaryFolder(t);
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(folder, name), typeof content === 'string' ? content : encodeNpy(content));
  }
  return { client, at: (name: string) => join(folder, name) };
}

const labelValue = (example: Pick<Example, 'labels'> | undefined, task: string) => example?.labels[task]?.value;

const read = (client: Client, options: Omit<ExampleOptions, 'model'>) =>
  readExamples({ model: 'm', ...options }, client);

test('images go as they are, under the names of their files', async (t) => {
  const { client, at } = await setUp(t, { 'a.png': 'A', 'b.jpg': 'B' });
  const examples = await read(client, { image: [at('a.png'), at('b.jpg')] });
  t.deepEqual(
    examples.map(({ key, input }) => [key, input?.$case, Buffer.from(input?.value as Uint8Array).toString()]),
    [
      ['a.png', 'encodedImage', 'A'],
      ['b.jpg', 'encodedImage', 'B'],
    ],
  );
});

test('images of one name in different folders go under their paths', async (t) => {
  const { client, at } = await setUp(t, { 'a.png': 'A' });
  const paths = [at('a.png'), at('./a.png').replace('a.png', './a.png')];
  t.deepEqual(
    (await read(client, { image: paths })).map(({ key }) => key),
    paths,
  );
});

test('labels go to the examples in their order', async (t) => {
  const map: NpyArray = { data: Uint8Array.of(1, 2, 3, 4), shape: [2, 2] };
  const { client, at } = await setUp(t, { 'a.png': 'A', 'b.png': 'B', 'l.png': 'L', 'm.npy': map });
  const label = [
    ['class', '3'],
    ['map', at('l.png')],
    ['class', '10'],
    ['map', at('m.npy')],
  ] as const;
  const [a, b] = await read(client, { image: [at('a.png'), at('b.png')], label });
  t.deepEqual(labelValue(a, 'class'), { $case: 'classId', value: 3n });
  t.deepEqual(labelValue(b, 'class'), { $case: 'classId', value: 10n });
  t.is(labelValue(a, 'map')?.$case, 'png');
  t.like(labelValue(b, 'map'), { $case: 'tensor', value: { datatype: 'UINT8', shape: [2n, 2n] } });
});

test('one pattern names the label file of every image', async (t) => {
  const { client, at } = await setUp(t, { 'a_img.png': '', 'b_img.png': '', 'a_gt.png': 'A', 'b_gt.png': 'B' });
  const label = [['map', '{dir}/{name%_img}_gt.png']] as const;
  const examples = await read(client, { image: [at('a_img.png'), at('b_img.png')], label });
  const contents = examples.map(({ labels }) => {
    const value = labelValue({ labels }, 'map');
    return value?.$case === 'png' ? Buffer.from(value.value.data).toString() : '';
  });
  t.deepEqual(contents, ['A', 'B']);
});

const pattern = test.macro((t, text: string, path: string, expected: string) =>
  t.is(expandPattern(text, path), expected),
);
test('{name} is the name without extension', pattern, 'x/{name}_{name}.png', 'in/a.b.png', 'x/a.b_a.b.png');
test('{name%…} takes an end away', pattern, '{name%_img}.npy', 'in/s1_img.png', 's1.npy');
test('{name%…} leaves another end', pattern, '{name%_img}.npy', 'in/s1_pic.png', 's1_pic.npy');
test('{dir} is the folder', pattern, '{dir}/../gt/{name}.png', 'in/s1.png', 'in/../gt/s1.png');

test('a tensor of the input rank is one example, of one axis more many, with their labels', async (t) => {
  const one: NpyArray = { data: new Float32Array(12).fill(7), shape: [3, 2, 2] };
  const many: NpyArray = { data: Float64Array.from({ length: 24 }, (_, i) => i), shape: [2, 3, 2, 2] };
  const classes: NpyArray = { data: BigInt64Array.of(4n, 5n), shape: [2] };
  const { client, at } = await setUp(t, { 'one.npy': one, 'many.npy': many, 'classes.npy': classes });
  t.like((await read(client, { tensor: [at('one.npy')] }))[0], {
    key: 'one.npy',
    input: { $case: 'tensor', value: { datatype: 'FP32', shape: [3n, 2n, 2n] } },
  });
  const examples = await read(client, { tensor: [at('many.npy')], label: [['class', at('classes.npy')]] });
  t.deepEqual(
    examples.map(({ key }) => key),
    ['many.npy[0]', 'many.npy[1]'],
  );
  t.deepEqual(
    examples.map(({ labels }) => labelValue({ labels }, 'class')?.value),
    [4n, 5n],
  );
  const value = examples[1]?.input?.$case === 'tensor' ? examples[1].input.value : undefined;
  t.is(value?.datatype, 'FP32');
  t.deepEqual(value?.data, new Uint8Array(Float32Array.from({ length: 12 }, (_, i) => 12 + i).buffer));
});

const refused = test.macro(async (t, options: Omit<ExampleOptions, 'model'>, message: RegExp) => {
  const flat: NpyArray = { data: new Float32Array(4), shape: [4] };
  const { client, at } = await setUp(t, { 'a.png': '', 'b.png': '', 'x.txt': '', 'flat.npy': flat, 'no.npy': 'text' });
  const absolute = (names: readonly string[] | undefined) => (names ?? []).map(at);
  const label = (options.label ?? []).map(([task, name]) => [task, name.includes('.') ? at(name) : name] as const);
  const promise = read(client, { image: absolute(options.image), tensor: absolute(options.tensor), label });
  const error = await t.throwsAsync(promise, { instanceOf: UsageError });
  t.regex(error?.message ?? '', message);
});
const two = { image: ['a.png', 'b.png'] };
test('fewer labels than examples are refused', refused, { ...two, label: [['c', '1']] }, /2 labels of c, .* got 1/);
test(
  'more labels than examples are refused',
  refused,
  {
    image: ['a.png'],
    label: [
      ['c', '1'],
      ['c', '2'],
    ],
  },
  /1 labels of c, .* got 2/,
);
test(
  'a label of another kind is refused',
  refused,
  { image: ['a.png'], label: [['c', 'x.txt']] },
  /label of c, got .*x\.txt/,
);
test('a negative class is refused', refused, { image: ['a.png'], label: [['c', '-1']] }, /class number/);
test(
  'a tensor of another rank is refused',
  refused,
  { tensor: ['flat.npy'] },
  /expected 3 axes in .*flat\.npy.* got \[4\]/,
);
test(
  'a file that is no .npy is refused by its name',
  refused,
  { tensor: ['no.npy'] },
  /no\.npy: expected a \.npy file/,
);
