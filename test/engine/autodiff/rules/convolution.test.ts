import test from 'ava';
import type { AttributeInputs } from '../../../../src/engine/onnx/graph.js';
import type { Shape } from '../../../../src/engine/tensor/shape.js';
import { isAdjoint } from '../../../support/check-rule.js';
import { constant, variable } from '../../../support/one-node.js';

type Row = readonly [when: string, x: Shape, w: Shape, attributes?: AttributeInputs];

const convolutions: readonly Row[] = [
  ['one by one', [2, 3, 4, 5], [4, 3, 1, 1]],
  ['padded', [1, 3, 6, 7], [4, 3, 3, 3], { pads: [1, 1, 1, 1] }],
  ['asymmetric pads', [1, 2, 6, 7], [3, 2, 3, 3], { pads: [0, 2, 1, 0] }],
  ['stride 2, lengths that divide', [1, 3, 8, 8], [4, 3, 2, 2], { strides: [2, 2] }],
  ['stride 2, lengths that do not', [1, 3, 9, 12], [4, 3, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }],
  ['stride 3 and 2', [1, 2, 11, 9], [3, 2, 3, 2], { strides: [3, 2], pads: [1, 0, 0, 1] }],
  ['dilated', [1, 3, 9, 9], [4, 3, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }],
  ['dilated and strided', [1, 2, 13, 12], [3, 2, 3, 3], { dilations: [2, 3], strides: [2, 2], pads: [2, 1, 0, 3] }],
  ['grouped', [1, 4, 6, 6], [6, 2, 3, 3], { group: 2, pads: [1, 1, 1, 1] }],
  ['depthwise', [1, 4, 6, 6], [4, 1, 3, 3], { group: 4, pads: [1, 1, 1, 1] }],
  [
    'grouped, dilated and strided, a batch',
    [2, 4, 9, 8],
    [6, 2, 2, 3],
    { group: 2, dilations: [2, 1], strides: [1, 2] },
  ],
  ['depthwise, two outputs per channel', [1, 3, 6, 6], [6, 1, 3, 3], { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] }],
  ['strides wider than the kernel', [1, 2, 8, 9], [3, 2, 1, 2], { strides: [2, 3] }],
  ['pads wider than the kernel', [1, 2, 4, 4], [3, 2, 2, 2], { pads: [3, 2, 2, 3], strides: [2, 1] }],
  ['one axis', [2, 3, 9], [4, 3, 3], { pads: [1, 1], strides: [2] }],
  ['one axis, pads wider than the kernel', [1, 2, 6], [3, 2, 2], { pads: [3, 2] }],
  ['three axes', [1, 2, 4, 5, 6], [3, 2, 2, 3, 3], { pads: [0, 1, 1, 1, 1, 0] }],
  ['auto_pad SAME_UPPER', [1, 3, 7, 8], [4, 3, 3, 4], { auto_pad: 'SAME_UPPER', strides: [2, 2] }],
  ['auto_pad SAME_LOWER', [1, 3, 7, 8], [4, 3, 3, 4], { auto_pad: 'SAME_LOWER', strides: [2, 2] }],
  ['auto_pad VALID', [1, 3, 7, 8], [4, 3, 3, 3], { auto_pad: 'VALID' }],
  ['a batch with many channels', [3, 16, 4, 4], [24, 16, 3, 3], { pads: [1, 1, 1, 1] }],
  [
    'a batch with many channels, grouped',
    [4, 8, 3, 4],
    [16, 4, 3, 3],
    { group: 2, pads: [1, 1, 1, 1], strides: [2, 1] },
  ],
  ['more inputs than outputs', [2, 18, 5, 4], [2, 18, 3, 2]],
  ['a large kernel', [2, 2, 11, 12], [3, 2, 9, 9], { pads: [4, 4, 4, 4], strides: [1, 2] }],
  ['a large kernel, grouped', [2, 4, 11, 12], [4, 2, 9, 8], { group: 2, dilations: [1, 1] }],
  ['flipped: padded', [1, 16, 6, 7], [32, 16, 3, 3], { pads: [1, 1, 1, 1] }],
  ['flipped: dilated', [1, 16, 9, 9], [16, 16, 3, 3], { dilations: [2, 2], pads: [2, 2, 2, 2] }],
  ['flipped: asymmetric kernel and pads', [2, 16, 6, 7], [16, 16, 2, 3], { pads: [1, 0, 0, 2] }],
  ['flipped: depthwise', [1, 32, 6, 6], [32, 1, 3, 3], { group: 32, pads: [1, 1, 1, 1] }],
  ['flipped: pads wider than the kernel reaches', [1, 16, 4, 4], [16, 16, 3, 3], { pads: [3, 3, 4, 2] }],
  ['flipped: pads on a kernel of 1', [1, 16, 4, 4], [16, 16, 1, 1], { pads: [1, 1, 1, 1] }],
];
for (const [when, x, w, attributes = {}] of convolutions) {
  const bias = [w[0] as number];
  test(when, isAdjoint, {
    opType: 'Conv',
    inputs: [variable(x), constant(w, 'w'), constant(bias, 'b')],
    attributes,
  });
  test(`${when}, all inputs from pixels`, isAdjoint, {
    opType: 'Conv',
    inputs: [variable(x), variable(w, 'w'), variable(bias, 'b')],
    attributes,
  });
}

const transposed: readonly Row[] = [
  ['stride 1', [1, 3, 4, 5], [3, 2, 3, 3]],
  ['stride 2, padded', [1, 3, 4, 5], [3, 2, 4, 4], { strides: [2, 2], pads: [1, 1, 1, 1] }],
  ['output_padding', [1, 3, 4, 5], [3, 2, 3, 3], { strides: [2, 3], pads: [1, 1, 1, 1], output_padding: [1, 2] }],
  ['asymmetric pads', [1, 2, 5, 4], [2, 3, 3, 4], { strides: [2, 2], pads: [0, 1, 2, 0] }],
  ['dilated', [1, 2, 5, 4], [2, 3, 3, 3], { dilations: [2, 2] }],
  ['grouped', [1, 4, 4, 4], [4, 3, 2, 2], { group: 2, strides: [2, 2] }],
  ['output_shape', [1, 2, 4, 4], [2, 3, 3, 3], { strides: [2, 2], output_shape: [8, 7] }],
  [
    'output_shape and output_padding',
    [1, 2, 4, 4],
    [2, 3, 3, 3],
    { strides: [2, 3], output_shape: [8, 10], output_padding: [1, 2] },
  ],
  ['auto_pad SAME_UPPER', [1, 2, 4, 4], [2, 3, 3, 3], { strides: [2, 2], auto_pad: 'SAME_UPPER' }],
  ['auto_pad SAME_LOWER', [1, 2, 4, 4], [2, 3, 4, 3], { strides: [2, 3], auto_pad: 'SAME_LOWER' }],
  ['auto_pad VALID', [1, 2, 4, 4], [2, 3, 3, 3], { strides: [2, 2], auto_pad: 'VALID' }],
  ['grouped and dilated, a batch', [2, 4, 3, 4], [4, 2, 2, 3], { group: 2, dilations: [2, 1], strides: [1, 2] }],
  ['strides wider than the kernel', [1, 2, 4, 3], [2, 3, 1, 2], { strides: [2, 3] }],
  [
    'upsampling, a kernel of its own per channel',
    [2, 3, 3, 4],
    [3, 1, 16, 16],
    { group: 3, strides: [8, 8], pads: [4, 4, 4, 4] },
  ],
  ['three axes', [1, 2, 2, 3, 3], [2, 2, 2, 3, 2], { strides: [2, 1, 2], pads: [0, 1, 1, 1, 0, 0] }],
  ['one axis', [1, 3, 6], [3, 2, 4], { strides: [2], pads: [1, 1] }],
];
for (const [when, x, w, attributes = {}] of transposed) {
  const { group = 1 } = attributes;
  test(when, isAdjoint, { opType: 'ConvTranspose', inputs: [variable(x), constant(w, 'w')], attributes });
  test(`${when}, all inputs from pixels`, isAdjoint, {
    opType: 'ConvTranspose',
    inputs: [variable(x), variable(w, 'w'), variable([(w[1] as number) * Number(group)], 'b')],
    attributes,
  });
}
