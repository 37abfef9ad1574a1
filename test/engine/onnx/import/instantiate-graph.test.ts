import test from 'ava';
import { EngineError } from '../../../../src/engine/errors.js';
import type { NodeDef } from '../../../../src/engine/onnx/graph.js';
import { freshNames } from '../../../../src/engine/onnx/import/fresh-names.js';
import { instantiateGraph } from '../../../../src/engine/onnx/import/instantiate-graph.js';
import { floats, type GraphParts, graph, graphAttribute, model, node, value } from '../../../support/models.js';

const surroundings = model({ nodes: [node('Add', 'x a', 'y')], inputs: [value('x'), value('a')] });

/** Nodes as `inputs Operator outputs`. */
const textOf = (nodes: readonly NodeDef[]): string[] =>
  nodes.map(({ inputs, opType, outputs }) => `${inputs} ${opType} ${outputs}`);

const becomes = test.macro<[parts: GraphParts, outputs: readonly string[], expected: readonly string[]]>({
  title: (what) => `a graph in another: ${what}`,
  exec(t, parts, outputs, expected) {
    const names = freshNames(surroundings);
    const body = graph({ inputs: [value('p'), value('q')], ...parts });
    const { nodes, initializers } = instantiateGraph(body, ['x', ''], outputs, names);
    t.deepEqual(textOf(nodes), expected);
    t.is(initializers.size, Object.keys(parts.initializers ?? {}).length);
  },
});

const inner = [node('Relu', 'p', 'a'), node('Clip', 'a q k', 'b')];
const initializers = { k: floats([1]) };
test(
  'values inside get new names',
  becomes,
  { nodes: inner, initializers, outputs: ['b'] },
  ['y2'],
  ['x Relu a::inlined', 'a::inlined,,k::inlined Clip y2'],
);
test(
  'an output that is not wanted',
  becomes,
  { nodes: inner, initializers, outputs: ['a', 'b'] },
  ['', 'y2'],
  ['x Relu a::inlined', 'a::inlined,,k::inlined Clip y2'],
);
test(
  'one value for two outputs',
  becomes,
  { nodes: inner.slice(0, 1), outputs: ['a', 'a'] },
  ['u', 'v'],
  ['x Relu u', 'u Identity v'],
);
test(
  'outputs that are an input, a constant and a value from outside',
  becomes,
  { nodes: [], initializers, outputs: ['p', 'k', 'outer'] },
  ['u', 'v', 'w'],
  ['x Identity u', 'k::inlined Identity v', 'outer Identity w'],
);

test('graphs inside are renamed too, each by what hides what', (t) => {
  const then_branch = graphAttribute({ nodes: [node('Neg', 'a', 'b'), node('Add', 'b k', 'p')], outputs: ['p'] });
  const body = graph({
    inputs: [value('p')],
    nodes: [node('Relu', 'p', 'a'), node('If', 'c', 'b', { then_branch })],
    initializers,
    outputs: ['b'],
  });
  const [, choice] = instantiateGraph(body, ['x'], ['y2'], freshNames(surroundings)).nodes;
  const attribute = choice?.attributes.get('then_branch');
  const branch = attribute?.type === 'graph' ? attribute.value : graph({ nodes: [] });
  t.deepEqual(textOf(branch.nodes), ['a::inlined Neg b::inlined', 'b::inlined,k::inlined Add p::inlined']);
  t.is(branch.outputs[0]?.name, 'p::inlined');
  t.deepEqual(choice?.inputs, ['c']);
});

test('an output that is an input left out is refused', (t) => {
  const body = graph({ inputs: [value('p')], nodes: [], outputs: ['p'] });
  const error = t.throws(() => instantiateGraph(body, [], ['y2'], freshNames(surroundings)), {
    instanceOf: EngineError,
  });
  t.is(error.message, 'expected an input for p, which is an output too, got none');
});

test('new names are unlike all others of the model, wherever they stand', (t) => {
  const branch = graphAttribute({
    nodes: [node('Relu', 'x', 'a::new')],
    outputs: ['a::new'],
    initializers: { 'a::new-1': floats([1]) },
  });
  const names = freshNames(
    model({ nodes: [{ ...node('If', 'a::new-2', 'y', { then_branch: branch }), name: 'a::new-3' }] }),
  );
  t.deepEqual([names('a', 'new'), names('a', 'new'), names('a', 'other')], ['a::new-4', 'a::new-5', 'a::other']);
});
