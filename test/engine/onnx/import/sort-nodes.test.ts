import test from 'ava';
import { EngineError } from '../../../../src/engine/errors.js';
import type { NodeDef } from '../../../../src/engine/onnx/graph.js';
import { sortNodes } from '../../../../src/engine/onnx/import/sort-nodes.js';
import { floats, type GraphParts, graph, graphAttribute, node, value } from '../../../support/models.js';

const firstOutputs = (nodes: readonly NodeDef[]): string => nodes.map(({ outputs }) => outputs[0]).join(' ');

/** The order of nodes, told by their first outputs. */
const sortsTo = test.macro<[parts: GraphParts, order: string]>({
  title: (when) => `nodes are sorted: ${when}`,
  exec(t, parts, order) {
    t.is(firstOutputs(sortNodes(graph({ inputs: [value('x')], ...parts })).nodes), order);
  },
});

const relu = (from: string, to: string): NodeDef => node('Relu', from, to);

test(
  'as in the file where that is an order',
  sortsTo,
  { nodes: [relu('x', 'a'), relu('a', 'b'), relu('x', 'y')] },
  'a b y',
);
test('from the last to the first', sortsTo, { nodes: [relu('b', 'y'), relu('a', 'b'), relu('x', 'a')] }, 'a b y');
test('a node that reads one value twice', sortsTo, { nodes: [node('Add', 'a a', 'y'), relu('x', 'a')] }, 'a y');
test('after all that it reads', sortsTo, { nodes: [node('Add', 'a b', 'y'), relu('x', 'b'), relu('b', 'a')] }, 'b a y');
test(
  'after what its branches take from outside',
  sortsTo,
  {
    nodes: [
      node('If', 'c', 'y', {
        then_branch: graphAttribute({ nodes: [relu('a', 't')], outputs: ['t'] }),
        else_branch: graphAttribute({ nodes: [], outputs: ['b'] }),
      }),
      relu('x', 'b'),
      relu('x', 'a'),
    ],
    initializers: { c: floats([1]) },
  },
  'b a y',
);

test('nodes inside a branch are sorted too', (t) => {
  const then_branch = graphAttribute({ nodes: [relu('p', 'q'), relu('x', 'p')], outputs: ['q'] });
  const sorted = sortNodes(graph({ inputs: [value('x')], nodes: [node('If', 'x', 'y', { then_branch })] }));
  const [attribute] = sorted.nodes[0]?.attributes.values() ?? [];
  t.is(attribute?.type === 'graph' ? firstOutputs(attribute.value.nodes) : '', 'p q');
});

test('a branch may use a name of its surroundings for a value of its own', (t) => {
  const then_branch = graphAttribute({ nodes: [relu('x', 'a')], outputs: ['a'] });
  const nodes = [relu('x', 'a'), node('If', 'a', 'y', { then_branch })];
  t.notThrows(() => sortNodes(graph({ inputs: [value('x')], nodes })));
});

const refuses = test.macro<[parts: GraphParts, message: string]>({
  title: (what) => `${what} is refused`,
  exec(t, parts, message) {
    const error = t.throws(() => sortNodes(graph({ inputs: [value('x')], ...parts })), { instanceOf: EngineError });
    t.is(error.code, 'INVALID_MODEL');
    t.is(error.message, message);
  },
});

test(
  'a name that two nodes define',
  refuses,
  { nodes: [relu('x', 'y'), relu('x', 'y')] },
  'expected one definition of y, got two',
);
test(
  'an output that is an input',
  refuses,
  { nodes: [relu('x', 'x')], outputs: ['x'] },
  'expected one definition of x, got two',
);
test(
  'an output that is a constant',
  refuses,
  { nodes: [relu('x', 'y')], initializers: { y: floats([1]) } },
  'expected one definition of y, got two',
);
test(
  'two inputs of one name',
  refuses,
  { nodes: [relu('x', 'y')], inputs: [value('x'), value('x')] },
  'expected inputs of different names, got two of one name',
);
test(
  'a name that nothing defines',
  refuses,
  { nodes: [relu('z', 'y')] },
  'expected a definition of z, which Relu (node Relu y) reads, got none',
);
test(
  'a name that nothing around a branch defines',
  refuses,
  { nodes: [node('If', 'x', 'y', { then_branch: graphAttribute({ nodes: [relu('z', 't')], outputs: ['t'] }) })] },
  'expected a definition of z, which If (node If y) reads, got none',
);
test(
  'an output that nothing defines',
  refuses,
  { nodes: [relu('x', 'a')] },
  'expected a definition of the output y, got none',
);
test(
  'a cycle',
  refuses,
  { nodes: [relu('x', 'a'), node('Add', 'a c', 'b'), relu('b', 'c'), relu('c', 'y')] },
  'expected nodes without a cycle, got one through Add (node Add b)',
);
test(
  'a node that reads its own output',
  refuses,
  { nodes: [relu('y', 'y')] },
  'expected nodes without a cycle, got one through Relu (node Relu y)',
);

test('100 000 nodes in the wrong order, all reading one value, are sorted without delay', (t) => {
  const count = 100_000;
  const nodes = [
    node('Relu', 'a', 'y'),
    ...Array.from({ length: count }, (_, i) => node('Relu', 'a', `r${i}`)),
    relu('x', 'a'),
  ];
  const began = performance.now();
  t.is(sortNodes(graph({ inputs: [value('x')], nodes })).nodes[0]?.outputs[0], 'a');
  t.true(performance.now() - began < 20_000);
});
