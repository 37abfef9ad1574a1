import test, { type ExecutionContext } from 'ava';
import { disagreement } from '../../../../src/engine/models/onnx/disagreement.js';
import { encodeModel } from '../../../../src/engine/onnx/encode-model.js';
import type { NodeDef } from '../../../../src/engine/onnx/graph.js';
import { floats, model, node, value } from '../../../support/models.js';
import { openNetwork, sourceOf } from '../../../support/small-models.js';

/** A network of features, with one output. */
const networkOf = (t: ExecutionContext, nodes: readonly NodeDef[]) =>
  openNetwork(
    t,
    sourceOf(
      encodeModel(
        model({
          inputs: [value('x', 'float32', ['N', 4])],
          outputs: [value('y', 'float32', ['N', 4])],
          nodes,
          initializers: {
            two: floats([2], []),
            half: floats([0.5], []),
            fine: floats([65_536], []),
            off: floats([1.01]),
          },
        }),
      ).file,
      'input: { kind: features, range: [1, 2] }\ntasks: [{ name: y, kind: regression, loss: mse }]',
    ),
  );

const doubled = [node('Mul', 'x two', 'y')];
/** As far as outputs go the same as `doubled`, but with half its gradient: `Ceil` has none. */
const halfFlat = [
  node('Mul', 'x fine', 'a'),
  node('Ceil', 'a', 'b'),
  node('Div', 'b fine', 'c'),
  node('Add', 'x c', 'y'),
];

test('a network agrees with one that computes the same', async (t) => {
  const reference = await networkOf(t, doubled);
  const other = await networkOf(t, [node('Div', 'x half', 'y')]);
  t.is(await disagreement(other, reference, 'attack'), undefined);
});

test('an output that is off is told', async (t) => {
  const reference = await networkOf(t, doubled);
  const other = await networkOf(t, [node('Mul', 'x two', 'z'), node('Mul', 'z off', 'y')]);
  t.regex((await disagreement(other, reference, 'serve')) ?? '', /^the output of y differs from the CPU's by 0\.0/);
});

test('a gradient that is off is told where it will be asked for', async (t) => {
  const reference = await networkOf(t, doubled);
  const other = await networkOf(t, halfFlat);
  t.regex((await disagreement(other, reference, 'attack')) ?? '', /^the gradient differs from the CPU's by /);
  t.is(await disagreement(other, reference, 'serve'), undefined);
});
