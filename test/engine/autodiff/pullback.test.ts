import test from 'ava';
import { forwardNode } from '../../../src/engine/autodiff/forward-node.js';
import type { BackwardNode, InputGradient } from '../../../src/engine/autodiff/gradient-rule.js';
import { pullback } from '../../../src/engine/autodiff/pullback.js';
import { EngineError } from '../../../src/engine/errors.js';
import { growGraph } from '../../../src/engine/onnx/builder.js';
import type { Value } from '../../../src/engine/onnx/graph.js';

const g = growGraph();
const pair = g.addInput('pair', 'float32', [2]);
const triple = g.addInput('triple', 'float32', [3]);
const matrix = g.addInput('matrix', 'float32', [3, 2]);
const graph = g.finish([]);

/** A node of two inputs, each of two elements. */
const node: BackwardNode = {
  ...forwardNode(
    { opType: 'Pair', domain: '', name: 'n', inputs: ['pair', 'pair'], outputs: ['pair'], attributes: new Map() },
    { valueOf: (name) => graph.values.get(name), constantOf: () => undefined },
  ),
  hasCotangent: () => true,
  cotangent: () => pair,
  probe: () => {
    throw new Error('expected no probe to be asked for');
  },
};

const pullbackOf = (
  gradients: readonly InputGradient[],
  needs: (input: number) => boolean = () => true,
  rule: { broadcasts?: true } = {},
): readonly (Value | undefined)[] => pullback(g, { ...rule, backward: () => gradients }, node, needs);

test('an input without a derivative gets no gradient', (t) => {
  t.deepEqual(pullbackOf([undefined, () => pair]), [undefined, pair]);
});

test('nothing is appended for an input that needs no gradient', (t) => {
  const fail = (): never => t.fail() as never;
  t.deepEqual(
    pullbackOf([() => pair, fail], (input) => input === 0),
    [pair, undefined],
  );
});

test('the gradients of an operator that broadcasts are summed back to its inputs', (t) => {
  const [first, second] = pullbackOf([() => matrix, () => pair], undefined, { broadcasts: true });
  t.deepEqual(first?.shape, [2]);
  t.is(second, pair);
});

test('a rule with too few gradients is named', (t) => {
  const error = t.throws(() => pullbackOf([() => pair]), { instanceOf: EngineError });
  t.is(error.message, 'expected 2 gradients for the inputs of Pair, got 1');
});

test('a rule whose gradient has not the shape of its input is named', (t) => {
  const error = t.throws(() => pullbackOf([() => pair, () => triple]), { instanceOf: EngineError });
  t.is(error.message, 'expected a gradient of shape [2] for input 1 of Pair, got [3]');
});
