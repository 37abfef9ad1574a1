import test from 'ava';
import { EngineError } from '../../../../src/engine/errors.js';
import type { Attribute, FunctionDef, NodeDef } from '../../../../src/engine/onnx/graph.js';
import { importModel } from '../../../../src/engine/onnx/import/import-model.js';
import { operatorName } from '../../../../src/engine/onnx/node.js';
import {
  expectSameOutputs,
  functionOf,
  graphAttribute,
  inputsOf,
  type ModelParts,
  model,
  node,
  randomInput,
  reread,
  runModel,
  untyped,
} from '../../../support/models.js';

const x = randomInput([2, 3]);
const feeds = { x };
const reference = (value: string): Attribute => ({ type: 'reference', value });

const build = (functions: readonly FunctionDef[], nodes: readonly NodeDef[], more: Partial<ModelParts> = {}) =>
  reread(model({ nodes, functions, inputs: inputsOf(feeds), domains: { tests: 1 }, ...more }));

/** ONNX Runtime, which inlines functions itself, computes the same with and without them. */
const inlines = test.macro<
  [functions: readonly FunctionDef[], nodes: readonly NodeDef[], operators: string, more?: Partial<ModelParts>]
>({
  title: (what) => `${what} becomes nodes`,
  async exec(t, functions, nodes, operators, more = {}) {
    const original = build(functions, nodes, more);
    const imported = importModel(original);
    t.deepEqual(imported.functions, []);
    t.false(imported.opsets.has('tests'));
    t.is(imported.graph.nodes.map(operatorName).join(' '), operators);
    expectSameOutputs(t, await runModel(imported, feeds), await runModel(original, feeds));
  },
});

const double = functionOf('Double', 'a', 'b', [node('Add', 'a a', 'b')]);
const square = functionOf('SquareOfDouble', 'a', 'b', [node('tests:Double', 'a', 't'), node('Mul', 't t', 'b')], {
  opsets: new Map([
    ['', 18],
    ['tests', 1],
  ]),
});
const twice = [node('tests:Double', 'x', 't'), node('tests:Double', 't', 'y')];

test(
  'a function that is called twice, with names of its own that the graph has too',
  inlines,
  [double],
  twice,
  'Add Add',
);
test('a function that calls another', inlines, [square, double], [node('tests:SquareOfDouble', 'x', 'y')], 'Add Mul');

const leaky = functionOf('Leaky', 'a', 'b', [node('LeakyRelu', 'a', 'b', { alpha: reference('slope') })], {
  attributes: ['slope'],
});
const withDefault = {
  ...leaky,
  attributes: [],
  defaults: new Map<string, Attribute>([['slope', { type: 'float', value: 0.5 }]]),
};
const slope = { slope: { float: 0.25 } };
test('an attribute of the call', inlines, [leaky], [node('tests:Leaky', 'x', 'y', slope)], 'LeakyRelu');
test(
  'an attribute of the call instead of its default',
  inlines,
  [withDefault],
  [node('tests:Leaky', 'x', 'y', slope)],
  'LeakyRelu',
);
test('the default of an attribute', inlines, [withDefault], [node('tests:Leaky', 'x', 'y')], 'LeakyRelu');

test('the default of an attribute that is not the default of the operator', (t) => {
  const [only] = importModel(build([withDefault], [node('tests:Leaky', 'x', 'y')])).graph.nodes;
  t.deepEqual(only?.attributes, new Map([['alpha', { type: 'float', value: 0.5 }]]));
});

const passing = functionOf('Pass', 'a', 'b', [node('tests:Leaky', 'a', 'b', { slope: reference('s') })], {
  attributes: ['s'],
  opsets: new Map([
    ['', 18],
    ['tests', 1],
  ]),
});
test(
  'an attribute handed on',
  inlines,
  [passing, leaky],
  [node('tests:Pass', 'x', 'y', { s: { float: 0.125 } })],
  'LeakyRelu',
);

const clip = functionOf('Limit', 'a low high', 'b', [node('Clip', 'a low high', 'b')]);
const limits = [node('Constant', '', 'half', { value_float: { float: 0.5 } }), node('tests:Limit', 'x - half', 'y')];
test('an optional input that is left out', inlines, [clip], limits, 'Clip');
test('optional inputs that are left out at the end', inlines, [clip], [node('tests:Limit', 'x', 'y')], 'Clip');

const pair = functionOf('Pair', 'a', 'b c', [node('Relu', 'a', 'b'), node('Neg', 'a', 'c')]);
test('an output that is not wanted', inlines, [pair], [node('tests:Pair', 'x', '- y')], 'Relu Neg');

const same = functionOf('Same', 'a', 'b c', [node('Relu', 'a', 'b'), node('Identity', 'a', 'c')]);
test(
  'an output that is an input',
  inlines,
  [functionOf('Same', 'a', 'a', [node('Relu', 'a', 'unread')]), same].slice(1),
  [node('tests:Same', 'x', 'r y')],
  'Relu Identity',
);

const older = functionOf('Older', 'a', 'b', [node('ReduceSum', 'a', 't', { axes: [1] }), node('Softmax', 't', 'b')], {
  opsets: new Map([['', 12]]),
});
test('a function of an older opset is upgraded from it', (t) => {
  const { graph } = importModel(build([older], [node('tests:Older', 'x', 'y'), node('Softmax', 'x', 'z')]));
  t.is(graph.nodes.map(operatorName).join(' '), 'ReduceSum Flatten Softmax Shape Reshape Softmax');
});

const branching = functionOf(
  'Branch',
  'a',
  'b',
  [
    node('ReduceSum', 'a', 's', { keepdims: 0 }),
    node('Constant', '', 'zero', { value_float: { float: 0 } }),
    node('Greater', 's zero', 'c'),
    node('If', 'c', 'b', {
      then_branch: graphAttribute({ nodes: [node('Neg', 'a', 't'), node('Abs', 't', 'u')], outputs: [untyped('u')] }),
      else_branch: graphAttribute({
        nodes: [node('LeakyRelu', 'a', 'u', { alpha: reference('slope') })],
        outputs: [untyped('u')],
      }),
    }),
  ],
  { attributes: ['slope'] },
);
const branches = [node('tests:Branch', 'x', 'u', slope), node('tests:Branch', 'u', 'y', slope)];
test('branches inside a function', inlines, [branching], branches, 'ReduceSum Greater If ReduceSum Greater If');

const refuses = test.macro<[functions: readonly FunctionDef[], nodes: readonly NodeDef[], message: string]>({
  title: (what) => `${what} is refused`,
  exec(t, functions, nodes, message) {
    const error = t.throws(() => importModel(build(functions, nodes)), { instanceOf: EngineError });
    t.is(error.code, 'INVALID_MODEL');
    t.is(error.message, message);
  },
});

const even = functionOf('Even', 'a', 'b', [node('tests:Odd', 'a', 'b')]);
const odd = functionOf('Odd', 'a', 'b', [node('tests:Even', 'a', 'b')]);
test(
  'a function that calls itself',
  refuses,
  [even, odd],
  [node('tests:Even', 'x', 'y')],
  'expected functions that do not call themselves, got tests.Even (node Even b)',
);
test(
  'a call with too many inputs',
  refuses,
  [double],
  [node('tests:Double', 'x x', 'y')],
  'expected at most 1 inputs and 1 outputs of tests.Double (node Double y), got 2 and 1',
);
test(
  'a name that means two functions',
  refuses,
  [double, double],
  twice,
  'expected functions of different names, got two of one name',
);
test(
  'a function whose output nothing defines',
  refuses,
  [functionOf('Lost', 'a', 'b', [node('Relu', 'a', 'c')])],
  [node('tests:Lost', 'x', 'y')],
  'expected a definition of the output b, got none',
);

test(
  'a function that reads a value of the graph around its call',
  refuses,
  [functionOf('Thief', 'a', 'b', [node('Add', 'a x', 'b')])],
  [node('tests:Thief', 'x', 'y')],
  'expected a definition of x, which Add (node Add b) reads, got none',
);

/** Each function calls the next one twice. */
const chain = (length: number): FunctionDef[] =>
  Array.from({ length }, (_, i) =>
    i === length - 1
      ? functionOf(`F${i}`, 'a', 'b', [node('Relu', 'a', 'b')])
      : functionOf(`F${i}`, 'a', 'b', [node(`tests:F${i + 1}`, 'a', 't'), node(`tests:F${i + 1}`, 't', 'b')]),
  );
test(
  '2⁶⁰ calls',
  refuses,
  chain(61),
  [node('tests:F0', 'x', 'y')],
  'expected functions of at most 200000 nodes in all, got more',
);

test('calls nested 10 000 deep', (t) => {
  const deep = Array.from({ length: 10_000 }, (_, i) =>
    functionOf(`F${i}`, 'a', 'b', [node(`tests:F${i + 1}`, 'a', 'b')]),
  );
  const error = t.throws(() => importModel(build(deep, [node('tests:F0', 'x', 'y')])), { instanceOf: EngineError });
  t.regex(error.message, /^expected calls at most 100 deep, got a deeper one: tests\.F100/);
});
