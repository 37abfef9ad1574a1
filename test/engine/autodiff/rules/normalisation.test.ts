import test from 'ava';
import { EngineError } from '../../../../src/engine/errors.js';
import { equalsDifferences, isAdjoint } from '../../../support/check-rule.js';
import { constant, differentiateNode, floats, variable } from '../../../support/one-node.js';

test('per channel', isAdjoint, {
  opType: 'BatchNormalization',
  inputs: [variable([2, 3, 4, 4]), constant([3], 'γ'), constant([3], 'β'), constant([3], 'μ'), floats([0.2, 1.5, 3])],
  attributes: { epsilon: { float: 1e-3 } },
});
test('the last axis', equalsDifferences, {
  opType: 'LayerNormalization',
  inputs: [variable([2, 3, 5]), variable([5], 'γ'), variable([5], 'β')],
});
test('from axis 1', equalsDifferences, {
  opType: 'LayerNormalization',
  inputs: [variable([2, 3, 5]), constant([3, 5], 'γ')],
  attributes: { axis: 1, epsilon: { float: 1e-2 } },
});
test('per channel', equalsDifferences, {
  opType: 'InstanceNormalization',
  inputs: [variable([2, 3, 4, 4]), constant([3], 'γ'), constant([3], 'β')],
});
test('the last axis', equalsDifferences, { opType: 'LpNormalization', inputs: [variable([3, 5])] });
test('the first axis', equalsDifferences, {
  opType: 'LpNormalization',
  inputs: [variable([3, 5])],
  attributes: { axis: 0 },
});

test('p = 1 is refused', async (t) => {
  const node = { opType: 'LpNormalization', inputs: [variable([3, 5])], attributes: { p: 1 } };
  const error = await t.throwsAsync(differentiateNode(node, 0), { instanceOf: EngineError });
  t.is(error?.message, 'expected LpNormalization (node node) in a form with a gradient, got p = 1');
});
