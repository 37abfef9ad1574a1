import test from 'ava';
import { inferTypes } from '../../../../src/engine/models/onnx/infer-types.js';
import { knownWithoutRun } from '../../../../src/engine/models/onnx/static-shapes.js';
import type { NodeDef, Value } from '../../../../src/engine/onnx/graph.js';
import { integers, model, node, randomFloats, untyped, value } from '../../../support/models.js';

const runtime = { threads: 1, allowSpinning: false } as const;
const x: Value = { name: 'x', dataType: 'float32', shape: [2, 3, 5, 5] };

/** What is known of some nodes that read `x`, and weights `w` of more than a kibibyte. */
async function known(nodes: readonly NodeDef[], made: readonly string[], folded: readonly string[]) {
  const source = model({
    inputs: [value('x', 'float32', x.shape)],
    nodes,
    outputs: made,
    initializers: { w: randomFloats([16, 3, 3, 3], 'w'), two: integers([2], []), last: integers([-1]) },
  });
  const graph = { ...source.graph, outputs: made.map(untyped) };
  const types = await inferTypes({ ...source, graph }, made, runtime);
  return await knownWithoutRun({ ...source, graph }, [x], made, folded, types, runtime);
}

test('shapes are inferred, and what is computed from shapes is, without a run of the network', async (t) => {
  const result = await known(
    [
      node('Conv', 'x w', 'y'),
      node('Shape', 'y', 's', { start: 1, end: -1 }),
      node('Size', 'x', 'n'),
      node('Mul', 's two', 'm'),
      node('Concat', 's last', 'c', { axis: 0 }),
    ],
    ['y'],
    ['m', 'n', 'c', 's'],
  );
  t.deepEqual(result?.shapes, new Map([['y', [2, 16, 3, 3]]]));
  t.deepEqual(
    result?.constants,
    new Map([
      ['m', integers([32, 6])],
      ['n', integers([150], [])],
      ['c', integers([16, 3, -1])],
      ['s', integers([16, 3])],
    ]),
  );
});

const runs = test.macro(async (t, nodes: readonly NodeDef[]) => {
  t.is(await known(nodes, ['y'], []), undefined);
});

test('a pool that rounds up is run, for its shape may be inferred wrong', runs, [
  node('MaxPool', 'x', 'y', { kernel_shape: { type: 'ints', value: [2, 2] }, ceil_mode: 1 }),
]);
test('a shape that follows from other shapes is run where inference does not follow', runs, [
  node('Shape', 'x', 's'),
  node('Mul', 's two', 'm'),
  node('ConstantOfShape', 'm', 'z'),
  node('Reshape', 'z m', 'r'),
  node('Resize', 'x - - m', 'y'),
]);
