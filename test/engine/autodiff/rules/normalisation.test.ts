import test from 'ava';
import { equalsDifferences, isAdjoint, isExactly, isRefused } from '../../../support/check-rule.js';
import { constant, distinct, floats, type OneNode, SMALL_STEP, variable } from '../../../support/one-node.js';

const batchNorm: OneNode = {
  opType: 'BatchNormalization',
  inputs: [variable([2, 3, 4, 4]), constant([3], 'γ'), constant([3], 'β'), constant([3], 'μ'), floats([0.2, 1.5, 3])],
  attributes: { epsilon: { float: 1e-3 } },
};
test('per channel', isAdjoint, batchNorm);
test('two axes only', isAdjoint, { ...batchNorm, inputs: batchNorm.inputs.with(0, variable([4, 3])) });
test('all inputs from pixels', equalsDifferences, {
  ...batchNorm,
  inputs: [variable([2, 3, 2, 2]), ...['γ', 'β', 'μ'].map((name) => variable([3], name)), variable([3], 'σ²', 1, 3)],
});
test(
  'in training',
  isRefused,
  { ...batchNorm, attributes: { training_mode: 1 }, outputCount: 3 },
  0,
  'training_mode 1',
);

const layerNorm = (inputs: OneNode['inputs'], attributes: OneNode['attributes'] = {}, outputCount = 1): OneNode => ({
  opType: 'LayerNormalization',
  inputs,
  attributes,
  outputCount,
});
test('the last axis', equalsDifferences, layerNorm([variable([2, 3, 5]), variable([5], 'γ'), variable([5], 'β')]));
test(
  'from axis 1',
  equalsDifferences,
  layerNorm([variable([2, 3, 5]), constant([3, 5], 'γ')], { axis: 1, epsilon: { float: 1e-2 } }),
);
test(
  'from a negative axis, all inputs from pixels',
  equalsDifferences,
  layerNorm([variable([2, 3, 4]), variable([3, 4], 'γ'), variable([3, 4], 'β')], { axis: -2 }),
);
test(
  'with a loss of its mean',
  isRefused,
  layerNorm([variable([2, 5]), constant([5], 'γ')], {}, 3),
  0,
  'a loss of its mean or deviation',
);

test('per channel', equalsDifferences, {
  opType: 'InstanceNormalization',
  inputs: [variable([2, 3, 4, 4]), constant([3], 'γ'), constant([3], 'β')],
});
test('one axis, all inputs from pixels', equalsDifferences, {
  opType: 'InstanceNormalization',
  inputs: [variable([2, 3, 5]), variable([3], 'γ'), variable([3], 'β')],
  attributes: { epsilon: { float: 1e-2 } },
});

for (const [opset, parameters] of [
  [18, 2],
  [21, 6],
] as const) {
  const groupNorm = (shape: readonly number[]): OneNode => ({
    opType: 'GroupNormalization',
    inputs: [variable(shape), variable([parameters], 'γ'), variable([parameters], 'β')],
    attributes: { num_groups: 2, epsilon: { float: 1e-2 } },
    opset,
  });
  test(`opset ${opset}`, equalsDifferences, groupNorm([2, 6, 2, 3]));
  test(`opset ${opset}, one axis`, equalsDifferences, groupNorm([1, 6, 4]));
}

for (const size of [1, 3, 9]) {
  test(`over ${size} channels`, equalsDifferences, {
    opType: 'LRN',
    inputs: [variable([2, 6, 2, 2], '', -2, 2)],
    attributes: { size, alpha: { float: 0.8 }, beta: { float: 0.6 }, bias: { float: 1.5 } },
  });
}
test('all but the channels by default', equalsDifferences, {
  opType: 'MeanVarianceNormalization',
  inputs: [variable([2, 3, 2, 2])],
});
test('some axes', equalsDifferences, {
  opType: 'MeanVarianceNormalization',
  inputs: [variable([2, 3, 4])],
  attributes: { axes: [0, -1] },
});
test(
  'is 0, not NaN, where nothing varies',
  isExactly,
  {
    opType: 'MeanVarianceNormalization',
    inputs: [{ shape: [1, 1, 2], data: Float32Array.of(3, 3) }],
    attributes: { axes: [2] },
  },
  [1, 2],
  [0, 0],
);
test('the last axis', equalsDifferences, {
  opType: 'RMSNormalization',
  inputs: [variable([2, 3, 5]), variable([5], 'γ')],
  opset: 23,
});
test('from axis 1', equalsDifferences, {
  opType: 'RMSNormalization',
  inputs: [variable([2, 3, 4]), constant([3, 4], 'γ')],
  attributes: { axis: 1, epsilon: { float: 0.1 } },
  opset: 23,
});
for (const axis of [0, -1]) {
  test(`p = 2, axis ${axis}`, equalsDifferences, {
    opType: 'LpNormalization',
    inputs: [variable([3, 5])],
    attributes: { axis },
  });
  test(
    `p = 1, axis ${axis}`,
    equalsDifferences,
    { opType: 'LpNormalization', inputs: [distinct([3, 5], '', 1 / 32)], attributes: { axis, p: 1 } },
    { step: SMALL_STEP },
  );
}
for (const p of [1, 2]) {
  test(
    `with p = ${p} is 0, not NaN, at 0`,
    isExactly,
    {
      opType: 'LpNormalization',
      inputs: [{ shape: [2, 2], data: Float32Array.of(0, 0, 0, 4) }],
      attributes: { p },
    },
    [1, 2, 8, 8],
    [0, 0, 2, 0],
  );
}
