import test from 'ava';
import type { NodeDef } from '../../../src/engine/onnx/graph.js';
import { layersModel } from '../../../src/lab/networks/layers-model.js';
import { model, node, randomFloats, value } from '../../support/models.js';

const converted = (shape: readonly (number | string)[], ...nodes: readonly NodeDef[]) =>
  layersModel(
    model({
      inputs: [value('x', 'float32', shape)],
      outputs: [value('y')],
      nodes,
      initializers: {
        w: randomFloats([3, 3, 3, 3], 'w'),
        g: randomFloats([6, 3, 3, 3], 'g'),
        t: randomFloats([3, 1, 4, 4], 't'),
      },
    }),
  );

test('a network becomes layers of the same names, with the kernel turned and the channels last', (t) => {
  const { modelJson, weights } = converted(
    ['N', 3, 8, 6],
    node('Conv', 'x w', 'c', { pads: [1, 1, 1, 1], strides: [2, 2] }),
    node('Relu', 'c', 'y'),
  );
  const { modelTopology, weightsManifest } = JSON.parse(modelJson);
  t.deepEqual(
    modelTopology.config.layers.map(({ class_name, name }: { class_name: string; name: string }) => [class_name, name]),
    [
      ['InputLayer', 'x'],
      // TF.js pads only behind where the stride is 2.
      ['ZeroPadding2D', 'c__0'],
      ['Conv2D', 'c'],
      ['Activation', 'y'],
    ],
  );
  t.deepEqual(modelTopology.config.layers[0].config.batch_input_shape, [null, 8, 6, 3]);
  t.deepEqual(weightsManifest[0].weights, [{ name: 'c/kernel', shape: [3, 3, 3, 3], dtype: 'float32' }]);
  const original = new Float32Array(new Uint8Array(randomFloats([3, 3, 3, 3], 'w').bytes).buffer);
  const turned = new Float32Array(new Uint8Array(weights).buffer);
  // [M, C, h, w] at 2, 1, 0, 1 is [h, w, C, M] at 0, 1, 1, 2.
  t.is(turned[((0 * 3 + 1) * 3 + 1) * 3 + 2], original[((2 * 3 + 1) * 3 + 0) * 3 + 1]);
});

const refuses = test.macro<[shape: readonly (number | string)[], nodes: readonly NodeDef[], message: RegExp]>({
  title: (name) => `${name} is refused`,
  exec(t, shape, nodes, message) {
    t.throws(() => converted(shape, ...nodes), { message });
  },
});
const fixed = ['N', 3, 8, 6];
test('an image of any size', refuses, ['N', 3, 'H', 'W'], [], /^expected one input of a fixed size, got /);
test('another operator', refuses, fixed, [node('Tanh', 'x', 'y')], /got Tanh \(node Tanh y\)$/);
test(
  'a pool with padding',
  refuses,
  fixed,
  [node('MaxPool', 'x', 'y', { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })],
  /^expected a pool without padding, or behind Relu, got MaxPool/,
);
test(
  'a transposed convolution in groups that does not interpolate',
  refuses,
  fixed,
  [node('ConvTranspose', 'x t', 'y', { group: 3, strides: [2, 2], pads: [1, 1, 1, 1] })],
  /^expected one group, or the bilinear kernel, got ConvTranspose/,
);
test(
  'a log-softmax over columns',
  refuses,
  fixed,
  [node('LogSoftmax', 'x', 'y', { axis: 3 })],
  /^expected a log-softmax over axis 1, got LogSoftmax/,
);
test(
  'a convolution in groups of several channels',
  refuses,
  fixed,
  [node('Conv', 'x g', 'y', { group: 2 })],
  /^expected one group, or a group for each channel without dilation, got Conv/,
);
test(
  'resizing to the nearest',
  refuses,
  fixed,
  [node('Resize', 'x - w', 'y', { mode: 'nearest' })],
  /^expected bilinear/,
);
