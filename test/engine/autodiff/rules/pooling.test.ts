import test from 'ava';
import type { AttributeInputs } from '../../../../src/engine/onnx/graph.js';
import type { Shape } from '../../../../src/engine/tensor/shape.js';
import { equalsDifferences, isAdjoint, isExactly } from '../../../support/check-rule.js';
import { distinct, integers, type OneNode, SMALL_STEP, type Variable, variable } from '../../../support/one-node.js';

const pool = (opType: string, shape: Shape, attributes: AttributeInputs, opset = 18): OneNode => ({
  opType,
  inputs: [variable(shape)],
  attributes,
  opset,
});
const small = { step: SMALL_STEP };
const windows: readonly (readonly [when: string, shape: Shape, attributes: AttributeInputs, opset?: number])[] = [
  ['2 × 2', [1, 2, 6, 8], { kernel_shape: [2, 2], strides: [2, 2] }],
  ['overlapping, padded', [2, 3, 7, 8], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }],
  ['stride 1', [1, 2, 6, 6], { kernel_shape: [5, 5], pads: [2, 2, 2, 2] }],
  ['asymmetric pads', [1, 2, 6, 7], { kernel_shape: [3, 2], strides: [2, 3], pads: [0, 1, 2, 0] }],
  ['ceil_mode', [1, 2, 7, 8], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }],
  [
    'ceil_mode, a window that would begin in the padding',
    [1, 1, 9, 9],
    { kernel_shape: [2, 2], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 },
  ],
  ['auto_pad', [1, 2, 7, 8], { kernel_shape: [3, 3], strides: [2, 2], auto_pad: 'SAME_UPPER' }],
  ['one axis', [1, 2, 9], { kernel_shape: [3], strides: [2] }],
  ['three axes', [1, 1, 4, 5, 6], { kernel_shape: [2, 2, 3], strides: [2, 1, 3] }],
  ['dilated', [1, 2, 9, 9], { kernel_shape: [2, 3], dilations: [2, 2] }, 19],
];
for (const [when, shape, attributes, opset] of windows) {
  test(when, equalsDifferences, { ...pool('MaxPool', shape, attributes, opset), inputs: [distinct(shape)] }, small);
  test(when, isAdjoint, pool('AveragePool', shape, attributes, opset));
  test(`${when}, counting pads`, isAdjoint, pool('AveragePool', shape, { ...attributes, count_include_pad: 1 }, opset));
}

for (const p of [1, 2, 3]) {
  const lp = (opType: string, shape: Shape, attributes: AttributeInputs): OneNode => ({
    opType,
    inputs: [distinct(shape, '', 1 / 32)],
    attributes: { ...attributes, p },
  });
  test(`p = ${p}`, equalsDifferences, lp('LpPool', [1, 2, 4, 5], { kernel_shape: [2, 2], strides: [1, 2] }), small);
  test(
    `p = ${p}, padded`,
    equalsDifferences,
    lp('LpPool', [1, 1, 5, 5], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    small,
  );
  test(`p = ${p}`, equalsDifferences, lp('GlobalLpPool', [2, 2, 3, 2], {}), small);
}
test(
  'is 0, not NaN, where all is 0',
  isExactly,
  { opType: 'GlobalLpPool', inputs: [{ shape: [1, 1, 2], data: Float32Array.of(0, 0) }] },
  [1],
  [0, 0],
);

test('maxima put back', isAdjoint, {
  opType: 'MaxUnpool',
  inputs: [variable([1, 2, 2, 2]), integers([5, 7, 13, 15, 16, 19, 28, 26], [1, 2, 2, 2])],
  attributes: { kernel_shape: [2, 2], strides: [2, 2] },
});
for (const [when, shape, attributes] of [
  ['blocked, stride 1', [1, 16, 5, 6], { kernel_shape: [3, 3], pads: [1, 1, 1, 1] }],
  ['blocked, stride 1, wide pads', [1, 16, 5, 6], { kernel_shape: [2, 3], pads: [1, 2, 1, 0] }],
] as const) {
  test(when, isAdjoint, pool('AveragePool', shape, attributes));
}

const x: Variable = { shape: [1, 1, 1, 4], data: Float32Array.of(3, 3, 1, 5) };
const overlapping = { kernel_shape: [1, 3], strides: [1, 1] };
test(
  'goes to the first of several that are largest, and adds up',
  isExactly,
  { opType: 'MaxPool', inputs: [{ ...x, data: Float32Array.of(3, 3, 1, 0) }], attributes: overlapping },
  [10, 1],
  [10, 1, 0, 0],
);
test(
  'adds up where windows overlap',
  isExactly,
  { opType: 'MaxPool', inputs: [{ ...x, data: Float32Array.of(0, 7, 1, 5) }], attributes: overlapping },
  [10, 1],
  [0, 11, 0, 0],
);

test('a map', isAdjoint, { opType: 'GlobalAveragePool', inputs: [variable([2, 3, 4, 5])] });
test('a volume', isAdjoint, { opType: 'GlobalAveragePool', inputs: [variable([1, 2, 2, 3, 4])] });
test('a map', equalsDifferences, { opType: 'GlobalMaxPool', inputs: [distinct([2, 3, 4, 5])] }, small);
test(
  'is shared by several that are largest',
  isExactly,
  { opType: 'GlobalMaxPool', inputs: [{ ...x, data: Float32Array.of(5, 3, 1, 5) }] },
  [4],
  [2, 0, 0, 2],
);
