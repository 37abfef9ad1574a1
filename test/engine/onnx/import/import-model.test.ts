import test from 'ava';
import { EngineError } from '../../../../src/engine/errors.js';
import { importModel } from '../../../../src/engine/onnx/import/import-model.js';
import {
  expectSameOutputs,
  floats,
  graphAttribute,
  inputsOf,
  integers,
  model,
  node,
  randomFloats,
  randomInput,
  reread,
  runModel,
  value,
} from '../../../support/models.js';

const relu = node('Relu', 'x', 'y');
const inputs = [value('x')];

for (const irVersion of [3, 4, 8]) {
  test(`initializers that are inputs too are constants, in IR version ${irVersion}`, async (t) => {
    const feeds = { x: randomInput([2, 3]) };
    const source = model({
      opset: 9,
      irVersion,
      inputs: [...inputsOf(feeds), value('w', 'float32', [3])],
      nodes: [node('Mul', 'x w', 'y')],
      initializers: { w: randomFloats([3], 'w') },
    });
    const imported = importModel(reread(source));
    t.deepEqual(
      imported.graph.inputs.map(({ name }) => name),
      ['x'],
    );
    t.is(imported.irVersion, 8);
    expectSameOutputs(t, await runModel(imported, feeds), await runModel(source, feeds));
  });
}

test('every kind of Constant becomes an initializer, in branches too', (t) => {
  const constants = [
    node('Constant', '', 'tensor', { value: { type: 'tensor', value: floats([1, 2], [2, 1]) } }),
    node('Constant', '', 'float', { value_float: { float: 0.5 } }),
    node('Constant', '', 'floats', { value_floats: { type: 'floats', value: [0.5, 0.25] } }),
    node('Constant', '', 'int', { value_int: 3 }),
    node('Constant', '', 'ints', { value_ints: [3, 2 ** 63] }),
    node('Constant', '', 'text', { value_string: 'a' }),
    node('Constant', '', 'texts', { value_strings: { type: 'strings', value: ['a', 'b'] } }),
  ];
  const branch = graphAttribute({ nodes: [...constants, node('Relu', 'x', 't')], outputs: ['t'] });
  const nodes = [
    ...constants,
    node('Greater', 'x x', 'c'),
    node('If', 'c', 'y', { then_branch: branch, else_branch: branch }),
  ];
  const { graph } = importModel(model({ inputs, nodes }));
  const text = (...texts: string[]) =>
    ({ dataType: 'string', shape: texts.length > 1 ? [2] : [], bytes: new Uint8Array(), texts }) as const;
  const expected = new Map([
    ['tensor', floats([1, 2], [2, 1])],
    ['float', floats([0.5], [])],
    ['floats', floats([0.5, 0.25])],
    ['int', integers([3], [])],
    ['ints', integers([3, 2 ** 63])],
    ['text', text('a')],
    ['texts', text('a', 'b')],
  ]);
  t.deepEqual(graph.initializers, expected);
  const inner = graph.nodes[1]?.attributes.get('then_branch');
  t.deepEqual(inner?.type === 'graph' && inner.value.initializers, expected);
});

test('text that nothing on the way reads does no harm', async (t) => {
  const feeds = { x: randomInput([2]) };
  const source = model({
    inputs: inputsOf(feeds),
    nodes: [relu],
    initializers: { names: { dataType: 'string', shape: [2], bytes: new Uint8Array(), texts: ['cat', 'dog'] } },
  });
  expectSameOutputs(t, await runModel(importModel(reread(source)), feeds), await runModel(source, feeds));
});

test('domains of functions are forgotten, those of ONNX Runtime kept', (t) => {
  const source = model({ opset: 20, inputs, nodes: [relu], domains: { 'com.microsoft': 1, 'ai.onnx.ml': 3, mine: 2 } });
  t.deepEqual(
    [...importModel(source).opsets],
    [
      ['', 20],
      ['com.microsoft', 1],
      ['ai.onnx.ml', 3],
    ],
  );
});

test('opset 21 and later come in a file format that ONNX Runtime reads them from', async (t) => {
  const feeds = { x: randomInput([2]) };
  const source = model({ opset: 24, irVersion: 11, inputs: inputsOf(feeds), nodes: [relu] });
  const imported = importModel(source);
  t.is(imported.irVersion, 10);
  expectSameOutputs(t, await runModel(imported, feeds), await runModel(source, feeds));
});

const refuses = test.macro<[opset: number | undefined, message: string]>({
  title: (what) => `${what} is refused`,
  exec(t, opset, message) {
    const source = model({ inputs, nodes: [relu], ...(opset === undefined ? {} : { opset }) });
    const opsets = opset === undefined ? new Map<string, number>() : source.opsets;
    const error = t.throws(() => importModel({ ...source, opsets }), { instanceOf: EngineError });
    t.is(error.code, 'INVALID_MODEL');
    t.is(error.message, message);
  },
});
test('a model without an opset', refuses, undefined, 'expected an opset of 7 … 26, got none');
test('opset 6', refuses, 6, 'expected an opset of 7 … 26, got 6');
test('opset 999', refuses, 999, 'expected an opset of 7 … 26, got 999');
test('a negative opset', refuses, -1, 'expected an opset of 7 … 26, got -1');
