import test from 'ava';
import { gradientPath } from '../../../src/engine/autodiff/gradient-path.js';
import type { Attribute, NodeDef } from '../../../src/engine/onnx/graph.js';

const node = (
  opType: string,
  inputs: string[],
  outputs: string[],
  attributes: [string, Attribute][] = [],
): NodeDef => ({
  opType,
  domain: '',
  name: `${opType} of ${inputs}`,
  inputs,
  outputs,
  attributes: new Map(attributes),
});

/** From x, on which all values depend, to y. */
const pathOf = (...nodes: NodeDef[]) =>
  gradientPath(nodes, new Set(['x', ...nodes.flatMap(({ outputs }) => outputs)]), 'x', 'y');

test('a path of operators with rules reaches the input', (t) => {
  t.deepEqual(pathOf(node('Relu', ['x'], ['a']), node('Mul', ['a', 'weight'], ['y'])), {
    reachesInput: true,
    missing: [],
    cuts: [],
  });
});

test('an operator without a rule on the path is missing, one beside it is not', (t) => {
  const det = node('Det', ['x'], ['a']);
  const { reachesInput, missing } = pathOf(det, node('Det', ['x'], ['beside']), node('Relu', ['a'], ['y']));
  t.true(reachesInput);
  t.deepEqual(missing, [det]);
});

test('a path ends where the derivative is 0', (t) => {
  const { reachesInput, cuts } = pathOf(node('ArgMax', ['x'], ['a']), node('Relu', ['a'], ['y']));
  t.false(reachesInput);
  t.deepEqual(cuts, [{ opType: 'ArgMax', node: 'ArgMax of x', reason: 'its output is indices' }]);
});

test('a cast to whole numbers ends a path, one to float32 does not', (t) => {
  const cast = (to: number): NodeDef => node('Cast', ['x'], ['y'], [['to', { type: 'int', value: to }]]);
  t.true(pathOf(cast(1)).reachesInput);
  t.deepEqual(pathOf(cast(7)).cuts[0]?.reason, 'its output is whole numbers');
  t.deepEqual(pathOf(cast(9)).cuts[0]?.reason, 'its output is true or false');
});

test('another path still reaches the input', (t) => {
  const { reachesInput, cuts } = pathOf(node('Round', ['x'], ['a']), node('Add', ['a', 'x'], ['y']));
  t.true(reachesInput);
  t.is(cuts.length, 1);
});
