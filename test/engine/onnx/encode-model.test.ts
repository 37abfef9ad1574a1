import test from 'ava';
import { createSession } from '../../../src/engine/models/onnx/session.js';
import { appendedOutputs, encodeModel } from '../../../src/engine/onnx/encode-model.js';
import type { Attribute, ModelDef } from '../../../src/engine/onnx/graph.js';
import {
  bytes,
  expectSameOutputs,
  floats,
  functionOf,
  graphAttribute,
  inputsOf,
  integers,
  model,
  node,
  numbersIn,
  randomFloats,
  randomInput,
  reread,
  runModel,
  value,
} from '../../support/models.js';

/** What is written is what is read. */
const comesBack = test.macro<[source: ModelDef]>({
  title: (what) => `${what} come back as they were`,
  exec(t, source) {
    t.deepEqual(reread(source), source);
  },
});

const withAttribute = (attribute: Attribute): ModelDef => model({ nodes: [node('Any', 'x', 'y', { a: attribute })] });
for (const attribute of [
  { type: 'float', value: 0.5 },
  { type: 'float', value: 0 },
  { type: 'float', value: Number.NEGATIVE_INFINITY },
  { type: 'int', value: -3 },
  { type: 'int', value: 0 },
  { type: 'int', value: 2 ** 63 },
  { type: 'string', value: 'NCHW ü' },
  { type: 'string', value: '' },
  { type: 'floats', value: [0.5, -0.25] },
  { type: 'ints', value: [1, -2, 0] },
  { type: 'ints', value: [] },
  { type: 'strings', value: ['a', ''] },
  { type: 'tensor', value: floats([1, 2], [1, 2]) },
  { type: 'reference', value: 'alpha' },
  graphAttribute({
    inputs: [value('p', 'float32', [1, 'n', -1]), value('q', 'int64', [])],
    nodes: [node('Relu', 'p', 'r')],
    initializers: { k: integers([4]) },
    outputs: ['r'],
  }),
] as const) {
  test(
    `attributes of type ${attribute.type} ${JSON.stringify(attribute.value).slice(0, 20)}`,
    comesBack,
    withAttribute(attribute),
  );
}

test(
  'tensors of all types, small and large',
  comesBack,
  model({
    nodes: [node('Relu', 'x', 'y')],
    initializers: {
      small: floats([1, 2, 3]),
      large: randomFloats([20, 20], 'large'),
      empty: floats([]),
      scalar: floats([7], []),
      bytes: bytes('uint8', [1, 2, 3], [3, 1]),
      half: { dataType: 'float16', shape: [1], bytes: Uint8Array.of(0, 0x3c) },
      brain: { dataType: 'bfloat16', shape: [1], bytes: Uint8Array.of(0x80, 0x3f) },
      double: { dataType: 'float64', shape: [1], bytes: new Uint8Array(Float64Array.of(0.1).buffer) },
      words: { dataType: 'string', shape: [2], bytes: new Uint8Array(), texts: ['ein', 'Würfel'] },
    },
  }),
);
test(
  'functions, optional names and domains',
  comesBack,
  model({
    opset: 17,
    irVersion: 9,
    domains: { tests: 3 },
    inputs: [value('x', 'float32', ['batch', 3, -1])],
    nodes: [{ ...node('tests:F', 'x - x', '- y'), overload: 'second' }],
    functions: [
      functionOf('F', 'a b c', 'd e', [node('Add', 'a c', 'e')], {
        overload: 'second',
        attributes: ['k'],
        defaults: new Map([['l', { type: 'int', value: 2 }]]),
        opsets: new Map([['', 15]]),
      }),
    ],
  }),
);

test('constants of 1 KiB and more travel beside the file, those of attributes never', (t) => {
  const { file, externalTensors } = encodeModel(
    model({
      nodes: [
        node('ConstantOfShape', 's', 'y', { value: { type: 'tensor', value: randomFloats([300], 'attribute') } }),
      ],
      initializers: { s: integers([2]), just: floats(new Array(256).fill(1)), less: floats(new Array(255).fill(1)) },
    }),
  );
  t.deepEqual(
    [...externalTensors.values()].map(({ length }) => length),
    [1024],
  );
  t.true(file.length > 1200 + 1020 && file.length < 1200 + 1020 + 400);
});

test('large constants inside branches reach ONNX Runtime', async (t) => {
  const feeds = { x: randomInput([1, 300]) };
  const branch = (name: string) =>
    graphAttribute({
      nodes: [node('Mul', 'x w', 'm')],
      initializers: { w: randomFloats([300], name) },
      outputs: ['m'],
    });
  const source = model({
    inputs: inputsOf(feeds),
    nodes: [
      node('ReduceSum', 'x', 's', { keepdims: 0 }),
      node('Greater', 's s', 'c'),
      node('If', 'c', 'y', { then_branch: branch('then'), else_branch: branch('else') }),
    ],
  });
  const result = await runModel(source, feeds);
  const w = new Float32Array(randomFloats([300], 'else').bytes.buffer);
  t.deepEqual(
    numbersIn(result.get('y') as never),
    Array.from(feeds.x.data as Float32Array, (x, i) => Math.fround(x * (w[i] as number))),
  );
});

test('outputs appended to the bytes of a file show its inner tensors, and leave the others as they are', async (t) => {
  const feeds = { x: randomInput([2, 3]) };
  const source = model({
    inputs: inputsOf(feeds),
    nodes: [node('Relu', 'x', 'inner'), node('Shape', 'inner', 'lengths'), node('Exp', 'inner', 'y')],
  });
  const { file } = encodeModel(source);
  const untyped = (name: string) => ({ name, dataType: undefined, shape: undefined });
  const longer = Buffer.concat([file, appendedOutputs([untyped('inner'), untyped('lengths')])]);
  const session = await createSession(
    { file: longer, externalTensors: new Map() },
    { threads: 1, allowSpinning: false, optimization: 'all', prepacking: true },
  );
  t.deepEqual(
    session.outputs.map(({ name, dataType }) => [name, dataType]),
    [
      ['y', 'float32'],
      ['inner', 'float32'],
      ['lengths', 'int64'],
    ],
  );
  await session.release();
  const results = await runModel({ file: longer, externalTensors: new Map() }, feeds);
  expectSameOutputs(t, results, await runModel(source, feeds));
  t.deepEqual(
    numbersIn(results.get('inner') as never),
    numbersIn(feeds.x).map((x) => Math.max(x, 0)),
  );
  t.deepEqual(numbersIn(results.get('lengths') as never), [2, 3]);
});
