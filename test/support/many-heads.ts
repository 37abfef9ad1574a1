import type { ModelSource } from '../../src/engine/models/model-source.js';
import { encodeModel } from '../../src/engine/onnx/encode-model.js';
import { floats, model, node, randomFloats, value } from './models.js';
import { sourceOf } from './small-models.js';

/** A small network with a head for every form of labels, and every layer that is special in TF.js. */
export const manyHeads = (): ModelSource =>
  sourceOf(
    encodeModel(
      model({
        inputs: [value('x', 'float32', ['N', 3, 12, 16])],
        outputs: ['class', 'bits', 'map', 'scores', 'numbers'].map((name) => value(name)),
        nodes: [
          node('Conv', 'x w1 b1', 'c1', { pads: [1, 1, 1, 1] }),
          node('Relu', 'c1', 'r1'),
          node('MaxPool', 'r1', 'p1', { kernel_shape: [2, 2], strides: [2, 2] }),
          node('Conv', 'p1 w2 b2', 'c2', { pads: [1, 1, 1, 1], group: 3 }),
          node('Conv', 'c2 w3 b3', 'c3', { pads: [2, 2, 2, 2], dilations: [2, 2] }),
          node('Add', 'c3 p1', 'a3'),
          node('Relu', 'a3', 'r3'),
          node('Conv', 'r3 w4 b4', 'c4', { pads: [1, 1, 1, 1], strides: [2, 2] }),
          node('GlobalAveragePool', 'c4', 'g'),
          node('Flatten', 'g', 'f'),
          node('Gemm', 'f w5 b5', 'class'),
          node('Gemm', 'f w6 b6', 'bits'),
          node('Conv', 'r3 w7 b7', 'c7'),
          node('Resize', 'c7 - scales', 'map', { mode: 'linear' }),
          node('Conv', 'c4 w8 b8', 'c8'),
          node('Sigmoid', 'c8', 'scores'),
          node('Conv', 'c4 w9 b9', 'numbers'),
        ],
        initializers: {
          w1: randomFloats([3, 3, 3, 3], 'w1'),
          b1: randomFloats([3], 'b1'),
          w2: randomFloats([6, 1, 3, 3], 'w2'),
          b2: randomFloats([6], 'b2'),
          w3: randomFloats([3, 6, 3, 3], 'w3'),
          b3: randomFloats([3], 'b3'),
          w4: randomFloats([6, 3, 3, 3], 'w4'),
          b4: randomFloats([6], 'b4'),
          w5: randomFloats([6, 5], 'w5'),
          b5: randomFloats([5], 'b5'),
          w6: randomFloats([6, 4], 'w6'),
          b6: randomFloats([4], 'b6'),
          w7: randomFloats([4, 3, 1, 1], 'w7'),
          b7: randomFloats([4], 'b7'),
          w8: randomFloats([2, 6, 1, 1], 'w8'),
          b8: randomFloats([2], 'b8'),
          w9: randomFloats([2, 6, 1, 1], 'w9'),
          b9: randomFloats([2], 'b9'),
          scales: floats([1, 1, 2, 2]),
        },
      }),
    ).file,
    `input: { kind: image, mean: 0.5, std: 0.25 }
tasks:
  - { name: class, kind: classification }
  - { name: bits, kind: multi-label }
  - { name: map, kind: semantic-segmentation, classWeights: [1, 2, 0.5, 1] }
  - { name: scores, kind: score-map, activation: sigmoid }
  - { name: numbers, kind: regression }
`,
  );
