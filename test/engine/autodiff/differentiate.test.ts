import test from 'ava';
import { type Differentiated, differentiate } from '../../../src/engine/autodiff/differentiate.js';
import { EngineError } from '../../../src/engine/errors.js';
import { type GrowingGraph, growGraph } from '../../../src/engine/onnx/builder.js';
import { DATA_TYPES } from '../../../src/engine/onnx/data-types.js';
import type { NodeDef, StaticGraph, Value } from '../../../src/engine/onnx/graph.js';
import { runGraph } from '../../support/run-graph.js';
import { float64 } from '../../support/tensors.js';

type Build = (g: GrowingGraph, x: Value, stopped: Set<string>) => readonly Value[];

/** The derivative of the sum over all elements of what `build` makes of x. */
function derive(g: GrowingGraph, x: Value, build: Build, change = (graph: StaticGraph) => graph): Differentiated {
  const stopped = new Set<string>();
  const outputs = build(g, x, stopped);
  const graph = change(g.finish([]));
  const seeds = new Map(
    outputs.map(({ name, shape }) => [name, g.op('Expand', [g.scalar(1), g.integers(shape)])] as const),
  );
  return differentiate({ graph, builder: g, seeds, inputs: [x.name], stopped, probes: new Map() });
}

async function gradientAt(x: readonly number[], build: Build): Promise<readonly number[]> {
  const [gradient] = await runGraph([float64([x.length], x)], (g, [input]) => [
    [...derive(g, input as Value, build).gradients.values()][0] as Value,
  ]);
  return [...(gradient?.data ?? [])];
}

/** What is said of a graph of an x of three elements, without running it. */
function analyse(build: Build, change?: (graph: StaticGraph) => StaticGraph): Differentiated {
  const g = growGraph();
  return derive(g, g.addInput('x', 'float32', [3]), build, change);
}

const toFloat = (g: GrowingGraph, value: Value): Value => g.op('Cast', [value], { to: DATA_TYPES.float32 });
const argMax = (g: GrowingGraph, x: Value): Value => g.op('ArgMax', [x], { axis: 0, keepdims: 1 });

test('what several readers of a value give is added up', async (t) => {
  const polynomial: Build = (g, x) => {
    const square = g.op('Mul', [x, x]);
    return [g.op('Sub', [g.op('Mul', [square, x]), square])];
  };
  t.deepEqual(await gradientAt([-1, 2], polynomial), [5, 8]); // 3x² − 2x
});

test('several outputs that the loss is made of are added up, one inside the other too', async (t) => {
  const nested: Build = (g, x) => {
    const double = g.op('Mul', [x, g.scalar(2)]);
    return [double, g.op('Mul', [double, double]), x];
  };
  t.deepEqual(await gradientAt([-1, 3], nested), [-5, 27]); // 2 + 8x + 1
});

test('each of several inputs has its gradient, also where one is made of another', async (t) => {
  const gradients = await runGraph([float64([2], [2, 3]), float64([2], [5, 7])], (g, [x, y]) => {
    const product = g.op('Mul', [x as Value, y as Value]);
    const sum = g.op('Add', [product, product]);
    const seeds = new Map([[sum.name, g.op('Expand', [g.scalar(1), g.integers([2])])]]);
    const inputs = ['input 0', 'input 1', product.name];
    const options = { graph: g.finish([]), builder: g, seeds, inputs, stopped: new Set<string>(), probes: new Map() };
    const { gradients: found } = differentiate(options);
    return inputs.map((name) => found.get(name) as Value);
  });
  t.deepEqual(
    gradients.map(({ data }) => [...data]),
    [
      [10, 14],
      [4, 6],
      [2, 2],
    ],
  );
});

test('an output of a node that nothing reads counts as 0', async (t) => {
  const middle: Build = (g, x) => [g.ops('Split', [x, g.integers([1, 2, 1])], { axis: 0 }, 3)[1] as Value];
  t.deepEqual(await gradientAt([1, 2, 3, 4], middle), [0, 1, 1, 0]);
  const largest: Build = (g, x) => [g.ops('TopK', [x, g.integers([2])], { axis: 0 }, 2)[0] as Value];
  t.deepEqual(await gradientAt([1, 4, 3, 2], largest), [0, 1, 1, 0]);
});

test('indices and conditions that depend on the input select, and are no ends of paths', async (t) => {
  const largest: Build = (g, x) => [g.op('Gather', [x, argMax(g, x)], { axis: 0 })];
  t.deepEqual(await gradientAt([1, 4, 3], largest), [0, 1, 0]);
  t.deepEqual(analyse(largest).cuts, []);
  const hinge: Build = (g, x) => [g.op('Where', [g.op('Greater', [x, g.scalar(2)]), x, g.scalar(2)])];
  t.deepEqual(await gradientAt([1, 4, 3], hinge), [0, 1, 1]);
  t.deepEqual(analyse(hinge).cuts, []);
});

test('a stopped value is taken for a constant', async (t) => {
  const build: Build = (g, x, stopped) => {
    const copy = g.op('Identity', [x]);
    stopped.add(copy.name);
    return [g.op('Mul', [x, copy])];
  };
  t.deepEqual(await gradientAt([2, 3], build), [2, 3]);
});

test('an input that the loss is made of has the cotangent of the loss for its gradient', async (t) => {
  t.deepEqual(await gradientAt([2, 3], (_, x) => [x]), [1, 1]);
});

const ends: readonly (readonly [what: string, build: Build, opType: string, reason: string])[] = [
  ['an index', (g, x) => [argMax(g, x)], 'ArgMax', 'its output is indices'],
  ['an index as a number', (g, x) => [toFloat(g, argMax(g, x))], 'ArgMax', 'its output is indices'],
  [
    'an index that is computed with',
    (g, x) => [g.op('Mul', [toFloat(g, g.op('Add', [argMax(g, x), g.integers([1])])), g.scalar(3)])],
    'ArgMax',
    'its output is indices',
  ],
  [
    'an index beside the values it belongs to',
    (g, x) => [toFloat(g, g.ops('TopK', [x, g.integers([2])], { axis: 0 }, 2)[1] as Value)],
    'TopK',
    'its output is whole numbers',
  ],
  [
    'a cast to whole numbers and back',
    (g, x) => [toFloat(g, g.op('Cast', [x], { to: DATA_TYPES.int32 }))],
    'Cast',
    'its output is whole numbers',
  ],
  ['a truth', (g, x) => [toFloat(g, g.op('Greater', [x, g.scalar(0)]))], 'Greater', 'its output is true or false'],
  ['steps', (g, x) => [g.op('Floor', [x])], 'Floor', 'it is constant between jumps'],
];
for (const [what, build, opType, reason] of ends) {
  test(`a path that ends at ${what} is reported, and gives no gradient`, (t) => {
    const { gradients, cuts } = analyse(build);
    t.is(gradients.size, 0);
    t.deepEqual(
      cuts.map((cut) => [cut.opType, cut.reason]),
      [[opType, reason]],
    );
  });
}

test('a path that ends leaves the others as they are', async (t) => {
  const build: Build = (g, x) => [g.op('Mul', [x, toFloat(g, argMax(g, x))])];
  t.deepEqual(await gradientAt([1, 5, 3], build), [1, 1, 1]);
  t.is(analyse(build).cuts[0]?.opType, 'ArgMax');
});

test('no path from the input to the loss gives no gradient, and no end of one', (t) => {
  t.deepEqual(
    analyse((g) => [g.floats(Float32Array.of(1), [1])]),
    { gradients: new Map(), cuts: [] },
  );
});

/** The same graph, in which the nodes of one operator are those of an operator without a rule. */
const renamed =
  (opType: string) =>
  (graph: StaticGraph): StaticGraph => ({
    ...graph,
    nodes: graph.nodes.map(
      (node): NodeDef => (node.opType === opType ? { ...node, opType: 'Det', name: 'roof' } : node),
    ),
  });

test('a rule whose probes were not run is named', (t) => {
  const build: Build = (g, x) => [g.op('Pad', [x, g.integers([1, 1])], { mode: 'edge' })];
  const error = t.throws(() => analyse(build), { instanceOf: EngineError });
  t.regex(error.message, /^expected a probe 0 of Pad \(node .*\), got none$/);
});

test('whole numbers for an input have no gradient', (t) => {
  const g = growGraph();
  const { gradients } = derive(g, g.addInput('x', 'uint8', [3]), (_, x) => [
    toFloat(g, g.op('Reshape', [x, g.integers([3])])),
  ]);
  t.is(gradients.size, 0);
});

test('an operator without a rule on the path is refused by its name', (t) => {
  const error = t.throws(() => analyse((g, x) => [g.op('Add', [g.op('Relu', [x]), x])], renamed('Relu')), {
    instanceOf: EngineError,
  });
  t.is(error.code, 'UNSUPPORTED_OP');
  t.is(error.message, 'expected an operator with a gradient rule, got Det (node roof)');
});

test('an operator without a rule beside the path is let be', (t) => {
  const beside: Build = (g, x) => {
    g.op('Relu', [x]); // nothing reads it
    const fixed = g.op('Relu', [g.floats(Float32Array.of(1, 2, 3), [3])]);
    const index = toFloat(g, argMax(g, g.op('Relu', [x])));
    return [g.op('Add', [g.op('Mul', [x, fixed]), index])];
  };
  t.truthy(analyse(beside, renamed('Relu')).gradients.get('x'));
});

test('nothing is appended for what does not depend on the input', (t) => {
  const g = growGraph();
  const [x, weight] = [g.addInput('x', 'float32', [3]), g.addInput('weight', 'float32', [3])];
  const product = g.op('Mul', [x, g.op('Exp', [weight])]);
  const graph = g.finish([]);
  const seeds = new Map([[product.name, g.floats(Float32Array.of(1, 2, 3), [3])]]);
  differentiate({ graph, builder: g, seeds, inputs: ['x'], stopped: new Set(), probes: new Map() });
  t.deepEqual(
    g.finish([]).nodes.map(({ opType }) => opType),
    ['Exp', 'Mul', 'Mul'],
  );
});
