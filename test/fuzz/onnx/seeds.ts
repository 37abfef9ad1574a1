import { encodeModel } from '../../../src/engine/onnx/encode-model.js';
import type { ModelDef } from '../../../src/engine/onnx/graph.js';
import {
  bytes,
  floats,
  functionOf,
  graphAttribute,
  integers,
  model,
  node,
  randomFloats,
  untyped,
  value,
} from '../../support/models.js';

const image = [value('x', 'float32', ['N', 2, 4, 4])];
const batchNorm = {
  w: randomFloats([2, 2, 3, 3], 'w'),
  gamma: floats([1, 2]),
  beta: floats([0, 1]),
  mean: floats([0.5, 0.25]),
  variance: floats([1, 4]),
};

/** A network as exporters wrote it in opset 9: constants as inputs, attributes that became inputs. */
const old = model({
  opset: 9,
  irVersion: 3,
  inputs: [...image, value('w', 'float32', [2, 2, 3, 3])],
  nodes: [
    node('Conv', 'x w', 'c', { kernel_shape: [3, 3], pads: [1, 1, 1, 1], strides: [1, 1] }),
    node('BatchNormalization', 'c gamma beta mean variance', 'n', { epsilon: { float: 1e-3 } }),
    node('Clip', 'n', 'k', { min: { float: 0 }, max: { float: 6 } }),
    node('Pad', 'k', 'p', { pads: [0, 0, 1, 1, 0, 0, 1, 1], mode: 'constant', value: { float: 0.5 } }),
    node('Upsample', 'p scales', 'u', { mode: 'nearest' }),
    node('Slice', 'u', 's', { axes: [2], starts: [0], ends: [2 ** 63] }),
    node('Constant', '', 'shape', { value: { type: 'tensor', value: integers([0, -1]) } }),
    node('Reshape', 's shape', 'r'),
    node('Unsqueeze', 'r', 'q', { axes: [2] }),
    node('ReduceMean', 'q', 'm', { axes: [2], keepdims: 0 }),
    node('Split', 'm', 'a b', { axis: 1 }),
    node('Dropout', 'a', 'd mask', { ratio: { float: 0.5 } }),
    node('Softmax', 'd', 'y', { axis: 1 }),
    node('TopK', 'b', 't i', { k: 1, axis: 1 }),
  ],
  outputs: ['y', 't'],
  initializers: { ...batchNorm, scales: floats([1, 1, 2, 2]) },
});

const flow = model({
  inputs: [value('x', 'float32', [2, 3])],
  nodes: [
    node('ReduceSum', 'x', 's', { keepdims: 0 }),
    node('Greater', 's zero', 'c'),
    node('If', 'c', 'a', {
      then_branch: graphAttribute({ nodes: [node('Relu', 'x', 't')], outputs: ['t'] }),
      else_branch: graphAttribute({
        nodes: [node('Constant', '', 't', { value_float: { float: 2 } })],
        outputs: ['t'],
      }),
    }),
    node('If', 'yes', 'b', {
      then_branch: graphAttribute({ nodes: [node('Neg', 'a', 't')], outputs: ['t'] }),
      else_branch: graphAttribute({ nodes: [node('Abs', 'a', 't')], outputs: ['t'] }),
    }),
    node('Loop', 'n yes b', 'y all', {
      body: graphAttribute({
        inputs: [value('i', 'int64', []), value('go', 'bool', []), value('z', 'float32')],
        nodes: [node('tests:Scaled', 'z', 'u', { by: { float: 0.5 } }), node('Identity', 'u', 'v')],
        outputs: [value('go', 'bool', []), untyped('u'), untyped('v')],
      }),
    }),
  ],
  outputs: ['y', 'all'],
  initializers: { zero: floats([0], []), yes: bytes('bool', [1], []), n: integers([3], []) },
  domains: { tests: 1 },
  functions: [
    functionOf(
      'Scaled',
      'a',
      'b',
      [node('Constant', '', 'k', { value_float: { type: 'reference', value: 'by' } }), node('tests:Times', 'a k', 'b')],
      {
        attributes: ['by'],
        opsets: new Map([
          ['', 18],
          ['tests', 1],
        ]),
      },
    ),
    functionOf('Times', 'a k', 'b', [node('Mul', 'a k', 'b')], {
      defaults: new Map([['unused', { type: 'int', value: 1 }]]),
    }),
  ],
});

const whole = model({
  inputs: [value('x', 'uint8', [2, 3]), value('h', 'float16', [2, 3])],
  nodes: [
    node('Cast', 'x', 'f', { to: 1 }),
    node('DynamicQuantizeLinear', 'f', 'q s z'),
    node('MatMulInteger', 'q w z', 'i'),
    node('Cast', 'i', 'g', { to: 1 }),
    node('Mul', 'g s', 'p'),
    node('QuantizeLinear', 'p ys yz', 'r'),
    node('QLinearMatMul', 'r ys yz w ws wz ys yz', 'o'),
    node('com.microsoft:QLinearAdd', 'o ys yz r ys yz ys yz', 'e'),
    node('DequantizeLinear', 'e ys yz', 'l'),
    node('com.microsoft:FusedMatMul', 'l m', 'j', { transA: 1, alpha: { float: 0.5 } }),
    node('com.microsoft:SkipLayerNormalization', 'j j gamma', 'k', { epsilon: { float: 1e-5 } }),
    node('com.microsoft:QuickGelu', 'k', 'y'),
    node('Cast', 'h', 'v', { to: 1 }),
  ],
  outputs: ['y', 'v'],
  initializers: {
    w: bytes('int8', [1, 2, 3, 4, 5, 6, 7, 8, 9], [3, 3]),
    ws: floats([0.1, 0.2, 0.3]),
    wz: bytes('int8', [0, 0, 0], [3]),
    ys: floats([0.02], []),
    yz: bytes('uint8', [128], []),
    m: randomFloats([2, 3], 'm'),
    gamma: floats([1, 1, 1]),
    names: { dataType: 'string', shape: [1], bytes: new Uint8Array(), texts: ['cat'] },
  },
  domains: { 'com.microsoft': 1 },
});

/** Small models that between them meet every part of the import. All are fine as they are. */
export const SEEDS = { flow, old, whole } satisfies Readonly<Record<string, ModelDef>>;

/** A file with all its constants in it. */
export function wholeFile(source: ModelDef): Uint8Array {
  const { file, externalTensors } = encodeModel(source);
  if (externalTensors.size > 0) throw new Error('the seeds are small');
  return file;
}
