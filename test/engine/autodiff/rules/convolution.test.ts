import test from 'ava';
import { EngineError } from '../../../../src/engine/errors.js';
import type { AttributeInputs } from '../../../../src/engine/onnx/graph.js';
import type { Shape } from '../../../../src/engine/tensor/shape.js';
import { isAdjoint } from '../../../support/check-rule.js';
import { constant, differentiateNode, type OneNode, variable } from '../../../support/one-node.js';

const conv = (x: Shape, w: Shape, attributes: AttributeInputs = {}): OneNode => ({
  opType: 'Conv',
  inputs: [variable(x), constant(w, 'w'), constant([w[0] as number], 'b')],
  attributes,
});
const transposed = (x: Shape, w: Shape, attributes: AttributeInputs = {}): OneNode => ({
  opType: 'ConvTranspose',
  inputs: [variable(x), constant(w, 'w')],
  attributes,
});

test('one by one', isAdjoint, conv([2, 3, 4, 5], [4, 3, 1, 1]));
test('padded', isAdjoint, conv([1, 3, 6, 7], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }));
test('asymmetric pads', isAdjoint, conv([1, 2, 6, 7], [3, 2, 3, 3], { pads: [0, 2, 1, 0] }));
test('stride 2, lengths that divide', isAdjoint, conv([1, 3, 8, 8], [4, 3, 2, 2], { strides: [2, 2] }));
test(
  'stride 2, lengths that do not',
  isAdjoint,
  conv([1, 3, 9, 12], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
);
test('stride 3 and 2', isAdjoint, conv([1, 2, 11, 9], [3, 2, 3, 2], { strides: [3, 2], pads: [1, 0, 0, 1] }));
test('dilated', isAdjoint, conv([1, 3, 9, 9], [4, 3, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }));
test(
  'dilated and strided',
  isAdjoint,
  conv([1, 2, 13, 12], [3, 2, 3, 3], { dilations: [2, 3], strides: [2, 2], pads: [2, 1, 0, 3] }),
);
test('grouped', isAdjoint, conv([1, 4, 6, 6], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }));
test('depthwise', isAdjoint, conv([1, 4, 6, 6], [4, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1] }));
test('one axis', isAdjoint, conv([2, 3, 9], [4, 3, 3], { pads: [1, 1], strides: [2] }));
test('three axes', isAdjoint, conv([1, 2, 4, 5, 6], [3, 2, 2, 3, 3], { pads: [0, 1, 1, 1, 1, 0] }));
test('auto_pad SAME_UPPER', isAdjoint, conv([1, 3, 7, 8], [4, 3, 3, 4], { auto_pad: 'SAME_UPPER', strides: [2, 2] }));
test('auto_pad SAME_LOWER', isAdjoint, conv([1, 3, 7, 8], [4, 3, 3, 4], { auto_pad: 'SAME_LOWER', strides: [2, 2] }));
test('auto_pad VALID', isAdjoint, conv([1, 3, 7, 8], [4, 3, 3, 3], { auto_pad: 'VALID' }));
test('flipped: padded', isAdjoint, conv([1, 16, 6, 7], [32, 16, 3, 3], { pads: [1, 1, 1, 1] }));
test('flipped: dilated', isAdjoint, conv([1, 16, 9, 9], [16, 16, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }));
test('flipped: asymmetric kernel and pads', isAdjoint, conv([2, 16, 6, 7], [16, 16, 2, 3], { pads: [1, 0, 0, 2] }));
test('flipped: depthwise', isAdjoint, conv([1, 32, 6, 6], [32, 1, 3, 3], { group: 32, pads: [1, 1, 1, 1] }));
test(
  'flipped: pads wider than the kernel reaches',
  isAdjoint,
  conv([1, 16, 4, 4], [16, 16, 3, 3], { pads: [3, 3, 4, 2] }),
);
test('flipped: pads on a kernel of 1', isAdjoint, conv([1, 16, 4, 4], [16, 16, 1, 1], { pads: [1, 1, 1, 1] }));
test('a bias that depends on the pixels', isAdjoint, {
  opType: 'Conv',
  inputs: [variable([1, 2, 4, 4]), constant([3, 2, 3, 3]), variable([3], 'b')],
});

test('stride 1', isAdjoint, transposed([1, 3, 4, 5], [3, 2, 3, 3]));
test('stride 2, padded', isAdjoint, transposed([1, 3, 4, 5], [3, 2, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }));
test(
  'output_padding',
  isAdjoint,
  transposed([1, 3, 4, 5], [3, 2, 3, 3], { strides: [2, 3], pads: [1, 1, 1, 1], output_padding: [1, 2] }),
);
test('asymmetric pads', isAdjoint, transposed([1, 2, 5, 4], [2, 3, 3, 4], { strides: [2, 2], pads: [0, 1, 2, 0] }));
test('dilated', isAdjoint, transposed([1, 2, 5, 4], [2, 3, 3, 3], { dilations: [2, 2] }));
test('grouped', isAdjoint, transposed([1, 4, 4, 4], [4, 3, 2, 2], { group: 2, strides: [2, 2] }));
test('output_shape', isAdjoint, transposed([1, 2, 4, 4], [2, 3, 3, 3], { strides: [2, 2], output_shape: [8, 7] }));
test(
  'auto_pad SAME_UPPER',
  isAdjoint,
  transposed([1, 2, 4, 4], [2, 3, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }),
);
test('one axis', isAdjoint, transposed([1, 3, 6], [3, 2, 4], { strides: [2], pads: [1, 1] }));
test('a bias that depends on the pixels', isAdjoint, {
  opType: 'ConvTranspose',
  inputs: [variable([1, 2, 3, 3]), constant([2, 3, 2, 2]), variable([3], 'b')],
});

for (const opType of ['Conv', 'ConvTranspose']) {
  test(`a weight of ${opType} that depends on the pixels is refused, not dropped`, async (t) => {
    const node = { opType, inputs: [variable([1, 2, 4, 4]), variable([2, 2, 3, 3], 'w')] };
    const error = await t.throwsAsync(differentiateNode(node, 1), { instanceOf: EngineError });
    t.is(error?.code, 'UNSUPPORTED_OP');
    t.regex(error?.message ?? '', /got a weight that depends on the pixels/);
  });
}
