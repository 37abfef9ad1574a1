import test from 'ava';
import { importModel } from '../../../../src/engine/onnx/import/import-model.js';
import { operatorName } from '../../../../src/engine/onnx/node.js';
import {
  bytes,
  expectSameOutputs,
  floats,
  graphAttribute,
  inputsOf,
  integers,
  type ModelParts,
  model,
  node,
  randomFloats,
  randomInput,
  reread,
  runModel,
  untyped,
  value,
} from '../../../support/models.js';

const x = randomInput([2, 3]);
const feeds = { x };
const yes = bytes('bool', [1], []);
const no = bytes('bool', [0], []);

/** What is left of a model, by its operators; ONNX Runtime computes the same as from the original. */
const flattens = test.macro<[parts: Omit<ModelParts, 'inputs'>, operators: string]>({
  title: (what) => what ?? '',
  async exec(t, parts, operators) {
    const original = reread(model({ inputs: inputsOf(feeds), ...parts }));
    const imported = importModel(original);
    t.is(imported.graph.nodes.map(operatorName).join(' '), operators);
    expectSameOutputs(t, await runModel(imported, feeds), await runModel(original, feeds));
  },
});

const choice = (condition: string, output = 'y', inner = 't') =>
  node('If', condition, output, {
    then_branch: graphAttribute({ nodes: [node('Relu', 'x', inner)], outputs: [inner] }),
    else_branch: graphAttribute({ nodes: [node('Neg', 'x', inner)], outputs: [inner] }),
  });

test(
  'an If that is always true becomes its first branch',
  flattens,
  { nodes: [choice('c')], initializers: { c: yes } },
  'Relu',
);
test(
  'an If that is never true becomes its second branch',
  flattens,
  { nodes: [choice('c')], initializers: { c: no } },
  'Neg',
);
test(
  'a condition may be a Constant node, or a copy of one',
  flattens,
  {
    nodes: [
      node('Constant', '', 'c', { value: { type: 'tensor', value: bytes('bool', [1], [1]) } }),
      node('Identity', 'c', 'd'),
      choice('d'),
    ],
  },
  'Identity Relu',
);
test(
  'an If whose condition depends on the input stays',
  flattens,
  {
    nodes: [node('ReduceSum', 'x', 's', { keepdims: 0 }), node('Greater', 's zero', 'c'), choice('c')],
    initializers: { zero: floats([0], []) },
  },
  'ReduceSum Greater If',
);
test(
  'an If that stays may give a Constant node',
  flattens,
  {
    nodes: [
      node('ReduceSum', 'x', 's', { keepdims: 0 }),
      node('Greater', 's zero', 'c'),
      node('If', 'c', 'y', {
        then_branch: graphAttribute({
          nodes: [node('Constant', '', 't', { value_float: { float: 3 } })],
          outputs: ['t'],
        }),
        else_branch: graphAttribute({
          nodes: [node('Constant', '', 't', { value_float: { float: 0 } })],
          outputs: ['t'],
        }),
      }),
    ],
    initializers: { zero: floats([0], []) },
  },
  'ReduceSum Greater If',
);
test(
  'branches with the same names inside do not get in each other’s way',
  flattens,
  {
    nodes: [choice('c', 'a'), choice('d', 'b'), node('Add', 'a b', 't')],
    initializers: { c: yes, d: no },
    outputs: ['t'],
  },
  'Relu Neg Add',
);
test(
  'an If in the branch of an If is decided too',
  flattens,
  {
    nodes: [
      node('If', 'c', 'y', {
        then_branch: graphAttribute({ nodes: [choice('d', 'z')], outputs: ['z'], initializers: { d: no } }),
        else_branch: graphAttribute({ nodes: [node('Abs', 'x', 'z')], outputs: ['z'] }),
      }),
    ],
    initializers: { c: yes },
  },
  'Neg',
);
test(
  'a constant If inside a branch that stays is decided there',
  flattens,
  {
    nodes: [
      node('ReduceSum', 'x', 's', { keepdims: 0 }),
      node('Greater', 's zero', 'c'),
      node('If', 'c', 'y', {
        then_branch: graphAttribute({ nodes: [choice('d', 'z')], outputs: ['z'] }),
        else_branch: graphAttribute({ nodes: [node('Abs', 'x', 'z')], outputs: ['z'] }),
      }),
    ],
    initializers: { zero: floats([0], []), d: no },
  },
  'ReduceSum Greater If',
);
test(
  'a branch may give a constant',
  flattens,
  {
    nodes: [
      node('Relu', 'x', 'r'),
      node('If', 'c', 'a b', {
        then_branch: graphAttribute({
          nodes: [node('Neg', 'r', 'n')],
          initializers: { k: floats([1, 2]) },
          outputs: ['k', 'n'],
        }),
        else_branch: graphAttribute({
          nodes: [node('Neg', 'r', 'n')],
          initializers: { k: floats([3]) },
          outputs: ['k', 'n'],
        }),
      }),
    ],
    initializers: { c: yes },
    outputs: ['a', 'b'],
  },
  'Relu Neg Identity',
);

const int64 = (name: string) => value(name, 'int64', []);
const bool = (name: string) => value(name, 'bool', []);
const weights = randomFloats([2, 3], 'weights');

/** z ← Relu(z) · w + iteration, with z collected. */
const step = graphAttribute({
  inputs: [int64('i'), bool('c'), value('z', 'float32', [2, 3])],
  nodes: [
    node('Identity', 'c', 'again'),
    node('Relu', 'z', 'r'),
    node('Mul', 'r w', 'm'),
    node('Cast', 'i', 'f', { to: 1 }),
    node('Add', 'm f', 'next'),
    node('Neg', 'next', 'collected'),
  ],
  outputs: [bool('again'), untyped('next'), untyped('collected')],
});
const initializers = { n: integers([3], []), w: weights, c: yes };
const STEP = 'Identity Relu Mul Cast Add Neg';

test(
  'a loop of 3 iterations becomes 3 times its body, and what it collects is joined',
  flattens,
  { nodes: [node('Loop', 'n c x', 'y all', { body: step })], initializers, outputs: ['y', 'all'] },
  `${STEP} ${STEP} ${STEP} Identity Unsqueeze Unsqueeze Unsqueeze Concat`,
);
test(
  'a loop without a condition runs to its count',
  flattens,
  { nodes: [node('Loop', 'n - x', 'y all', { body: step })], initializers, outputs: ['y', 'all'] },
  `${STEP} ${STEP} ${STEP} Identity Unsqueeze Unsqueeze Unsqueeze Concat`,
);
test(
  'a loop of 65 iterations stays',
  flattens,
  { nodes: [node('Loop', 'n c x', 'y all', { body: step })], initializers: { ...initializers, n: integers([65], []) } },
  'Loop',
);

const body = (again: 'c' | 'k' | 'q', more: Parameters<typeof node>[] = []) =>
  graphAttribute({
    inputs: [int64('i'), bool('c'), value('z', 'float32', [2, 3])],
    nodes: [node('Add', 'z w', 'next'), ...more.map((parts) => node(...parts))],
    initializers: again === 'k' ? { k: yes } : {},
    outputs: [bool(again), untyped('next')],
  });
test(
  'a loop of no iterations gives what it began with',
  flattens,
  { nodes: [node('Loop', 'n c x', 'y', { body: body('k') })], initializers: { ...initializers, n: integers([0], []) } },
  'Identity',
);
test(
  'a loop whose condition is false before it begins does too',
  flattens,
  { nodes: [node('Loop', 'n c x', 'y', { body: body('k') })], initializers: { ...initializers, c: no } },
  'Identity',
);
test(
  'a loop whose condition is a constant of its body is unrolled',
  flattens,
  { nodes: [node('Loop', 'n c x', 'y', { body: body('k') })], initializers },
  'Add Add Add Identity',
);
test(
  'a loop that decides itself when it ends stays',
  flattens,
  {
    nodes: [node('Loop', 'n c x', 'y', { body: body('q', [['Less', 'i one', 'q']]) })],
    initializers: { ...initializers, one: integers([1], []) },
  },
  'Loop',
);
test(
  'a loop whose count depends on the input stays',
  flattens,
  {
    nodes: [
      node('ReduceMax', 'x', 's', { keepdims: 0 }),
      node('Ceil', 's', 't'),
      node('Cast', 't', 'count', { to: 7 }),
      node('Loop', 'count c x', 'y', { body: body('k') }),
    ],
    initializers,
  },
  'ReduceMax Ceil Cast Loop',
);
test(
  'a loop inside a loop is unrolled too',
  flattens,
  {
    nodes: [
      node('Loop', 'n c x', 'y', {
        body: graphAttribute({
          inputs: [int64('j'), bool('d'), value('v', 'float32', [2, 3])],
          nodes: [node('Loop', 'two d v', 'u', { body: body('c') })],
          outputs: [bool('d'), untyped('u')],
        }),
      }),
    ],
    initializers: { ...initializers, two: integers([2], []) },
  },
  'Add Add Identity Add Add Identity Add Add Identity Identity',
);

test('a condition at the end of 100 000 copies is found', (t) => {
  const count = 100_000;
  const copies = Array.from({ length: count }, (_, i) => node('Identity', i === 0 ? 'c' : `c${i}`, `c${i + 1}`));
  const nodes = [...copies, choice(`c${count}`)];
  const imported = importModel(model({ nodes, inputs: inputsOf(feeds), initializers: { c: yes } }));
  t.is(imported.graph.nodes.at(-1)?.opType, 'Relu');
});

test('loops that would become too many nodes stay', (t) => {
  const nest = (depth: number): ReturnType<typeof node> =>
    node('Loop', 'n c z', `y${depth}`, {
      body: graphAttribute({
        inputs: [int64('i'), bool('c'), value('z', 'float32', [2, 3])],
        nodes: depth === 0 ? [node('Add', 'z w', 'y')] : [nest(depth - 1)],
        outputs: [bool('c'), untyped(depth === 0 ? 'y' : `y${depth - 1}`)],
      }),
    });
  const nodes = [node('Relu', 'x', 'z'), nest(8)];
  const imported = importModel(
    model({
      nodes,
      inputs: inputsOf(feeds),
      initializers: { ...initializers, n: integers([64], []) },
      outputs: ['y8'],
    }),
  );
  t.true(imported.graph.nodes.length < 200_000);
  t.true(imported.graph.nodes.some(({ opType }) => opType === 'Loop'));
});
