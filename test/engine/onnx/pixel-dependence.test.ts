import test from 'ava';
import type { NodeDef } from '../../../src/engine/onnx/graph.js';
import { nodesFor, pixelDependence } from '../../../src/engine/onnx/pixel-dependence.js';
import { capturesOf, readsOf } from '../../../src/engine/onnx/reads.js';
import { graph, graphAttribute, node, value } from '../../support/models.js';

/** What depends on the input `x`, and what has no fixed shape, by the operator that makes it so. */
const depends = test.macro<[nodes: readonly NodeDef[], dependent: string, unshaped?: Readonly<Record<string, string>>]>(
  {
    title: (what) => what ?? '',
    exec(t, nodes, dependent, unshaped = {}) {
      const result = pixelDependence({ inputs: [value('x')], nodes });
      t.is([...result.dependent].join(' '), dependent);
      t.deepEqual(Object.fromEntries([...result.unshaped].map(([name, { opType }]) => [name, opType])), unshaped);
    },
  },
);

test(
  'what is computed from an input depends on it',
  depends,
  [node('Relu', 'x', 'a'), node('Add', 'a k', 'b')],
  'x a b',
);
test('what is computed from constants does not', depends, [node('Relu', 'k', 'a'), node('Add', 'a k', 'b')], 'x');
test(
  'lengths, and what is computed from them alone, do not',
  depends,
  [
    node('Relu', 'x', 'a'),
    node('Shape', 'a', 's'),
    node('Size', 'a', 'n'),
    node('Gather', 's zero', 'length'),
    node('Mul', 'length two', 'twice'),
    node('Reshape', 'a twice', 'b'),
    node('ConstantOfShape', 's', 'ones'),
  ],
  'x a b',
);
test(
  'a shape that values decide spoils all that follows, even its lengths',
  depends,
  [node('NonZero', 'x', 'i'), node('Shape', 'i', 's'), node('Gather', 'x i', 'g'), node('Relu', 'x', 'r')],
  'x i s g r',
  { i: 'NonZero', s: 'NonZero', g: 'NonZero' },
);
for (const opType of ['Compress', 'NonMaxSuppression', 'Unique']) {
  test(`${opType} gives a shape that values decide`, depends, [node(opType, 'x k', 'a b')], 'x a b', {
    a: opType,
    b: opType,
  });
}
test(
  'values found in a constant have a fixed shape',
  depends,
  [node('NonZero', 'k', 'i'), node('Gather', 'x i', 'g')],
  'x g',
);
for (const [opType, inputs] of [
  ['Reshape', 'k a'],
  ['Expand', 'k a'],
  ['Tile', 'k a'],
  ['ConstantOfShape', 'a'],
  ['Range', 'k a k'],
  ['Slice', 'k k a'],
  ['Pad', 'k a'],
  ['Resize', 'k - - a'],
  ['TopK', 'k a'],
  ['OneHot', 'k a k'],
] as const) {
  test(
    `${opType} by lengths that depend on the input gives a shape that does`,
    depends,
    [node('Cast', 'x', 'a'), node(opType, inputs, 'b')],
    'x a b',
    { b: opType },
  );
}
test(
  'Reshape of what depends on the input, by constant lengths, has a fixed shape',
  depends,
  [node('Reshape', 'x k', 'a')],
  'x a',
);
test(
  'an operator of another domain with such a name is another operator',
  depends,
  [node('own:NonZero', 'x', 'a'), node('own:Shape', 'x', 'b')],
  'x a b',
);
for (const opType of [
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Bernoulli',
  'Multinomial',
]) {
  test(`${opType} gives no constant`, depends, [node(opType, 'k', 'a'), node('Neg', 'a', 'b')], 'x a b');
}
test('outputs that are left out are no values', depends, [node('Dropout', 'x', 'a -')], 'x a');

const branches = (then: NodeDef, output = 'a') =>
  node('If', 'k', output, {
    then_branch: graphAttribute({ nodes: [then], outputs: ['t'] }),
    else_branch: graphAttribute({ nodes: [node('Neg', 'k', 't')], outputs: ['t'] }),
  });
test('a branch that reads the input depends on it', depends, [branches(node('Relu', 'x', 't'))], 'x a');
test('a branch that reads constants only does not', depends, [branches(node('Relu', 'k', 't'))], 'x');
test('a branch that draws at random gives no constant', depends, [branches(node('RandomNormal', '', 't'))], 'x a');
test('a branch whose shape values decide has none', depends, [branches(node('NonZero', 'x', 't'))], 'x a', { a: 'If' });

test('a node reads its inputs and what its branches take from outside, each once', (t) => {
  const inner = graphAttribute({
    inputs: [value('own')],
    nodes: [node('Add', 'own x', 'p'), node('Add', 'p k', 'q')],
    outputs: ['z'],
  });
  t.deepEqual(readsOf(node('Loop', 'm - x', 'y', { body: inner })), ['m', 'x', 'k', 'z']);
  t.deepEqual(readsOf(node('Add', 'x x', 'y')), ['x', 'x']);
  t.deepEqual(capturesOf(graph({ nodes: [node('If', 'c', 'y', { then_branch: inner })] })), ['c', 'x', 'k', 'z']);
});

test('only nodes that outputs need are kept, in their order', (t) => {
  const nodes = [
    node('Relu', 'x', 'a'),
    node('Neg', 'x', 'unread'),
    branches(node('Add', 'a x', 't'), 'c'),
    node('Abs', 'a', 'b'),
    node('Exp', 'unread', 'other'),
  ];
  const kept = (...outputs: string[]): string =>
    nodesFor(nodes, outputs)
      .map(({ opType }) => opType)
      .join(' ');
  t.is(kept('b'), 'Relu Abs');
  t.is(kept('c'), 'Relu If');
  t.is(kept('other', 'b'), 'Relu Neg Abs Exp');
});
