import test from 'ava';
import type { NodeDef, TensorValue } from '../../../../../src/engine/onnx/graph.js';
import { importModel } from '../../../../../src/engine/onnx/import/import-model.js';
import { operatorName } from '../../../../../src/engine/onnx/node.js';
import {
  bytes,
  expectSameOutputs,
  type Feeds,
  floats,
  inputsOf,
  integers,
  model,
  node,
  numbers,
  randomFloats,
  randomInput,
  reread,
  runModel,
  type Tolerance,
} from '../../../../support/models.js';

interface Case {
  readonly nodes: readonly NodeDef[];
  readonly feeds?: Feeds;
  readonly initializers?: Readonly<Record<string, TensorValue>>;
  readonly outputs?: readonly string[];
  /** Operators that are left. */
  readonly leaves: string;
  /** Default: rounding in float32. */
  readonly tolerance?: Tolerance;
}

const x = randomInput([2, 3, 4, 5]);
const rows = randomInput([2, 4, 6]);

const lowers = test.macro<[what: Case]>({
  title: (when, { nodes }) =>
    `${nodes.map(({ opType }) => opType).join(' and ')} is told in standard operators: ${when}`,
  async exec(t, { nodes, feeds = { x }, initializers = {}, outputs = ['y'], leaves, tolerance = 1e-6 }) {
    const domains = { 'com.microsoft': 1 };
    const original = model({ nodes, inputs: inputsOf(feeds), outputs, initializers, domains });
    const imported = importModel(reread(original));
    t.deepEqual([...new Set(imported.graph.nodes.map(operatorName))].toSorted().join(' '), leaves);
    expectSameOutputs(t, await runModel(imported, feeds), await runModel(original, feeds), tolerance);
  },
});

const conv = { w: randomFloats([4, 3, 3, 3], 'w'), b: randomFloats([4], 'b') };
const convAttributes = { pads: [1, 1, 1, 1], strides: [1, 2] };
const parameters = (...value: number[]) => ({ type: 'floats', value }) as const;
for (const [activation, values, operator] of [
  ['Relu', [], 'Relu'],
  ['LeakyRelu', [0.2], 'LeakyRelu'],
  ['Clip', [-0.2, 0.3], 'Clip'],
  ['HardSigmoid', [0.3, 0.4], 'HardSigmoid'],
  ['Sigmoid', [], 'Sigmoid'],
  ['Tanh', [], 'Tanh'],
] as const) {
  const attributes = { ...convAttributes, activation, activation_params: parameters(...values) };
  test(activation, lowers, {
    nodes: [node('com.microsoft:FusedConv', 'x w b', 'y', attributes)],
    initializers: conv,
    leaves: ['Conv', operator].toSorted().join(' '),
  });
}
test('a sum before the activation', lowers, {
  nodes: [node('com.microsoft:FusedConv', 'x w b z', 'y', { ...convAttributes, activation: 'Relu' })],
  initializers: { ...conv, z: randomFloats([2, 4, 4, 3], 'z') },
  leaves: 'Add Conv Relu',
});

const gemm = { b: randomFloats([5, 3], 'b'), c: randomFloats([5], 'c') };
for (const [activation, values] of [
  ['Relu', {}],
  ['LeakyRelu', { activation_alpha: { float: 0.2 } }],
  ['HardSigmoid', { activation_alpha: { float: 0.3 }, activation_beta: { float: 0.4 } }],
  ['Selu', { activation_alpha: { float: 1.5 }, activation_gamma: { float: 1.1 } }],
] as const) {
  test(activation, lowers, {
    feeds: { x: randomInput([4, 3]) },
    nodes: [node('com.microsoft:FusedGemm', 'x b c', 'y', { transB: 1, activation, ...values })],
    initializers: gemm,
    leaves: ['Gemm', activation].toSorted().join(' '),
  });
}

test('plain', lowers, {
  feeds: { x: rows },
  nodes: [node('com.microsoft:FusedMatMul', 'x w', 'y', { alpha: { float: 0.5 } })],
  initializers: { w: randomFloats([6, 3], 'w') },
  leaves: 'MatMul Mul',
});
test('with a constant swapped', lowers, {
  feeds: { x: rows },
  nodes: [node('com.microsoft:FusedMatMul', 'x w', 'y', { transB: 1 })],
  initializers: { w: randomFloats([2, 3, 6], 'w') },
  leaves: 'MatMul Transpose',
});
test('with what depends on the input swapped', lowers, {
  feeds: { x: rows, z: randomInput([2, 4, 3], 'z') },
  nodes: [node('com.microsoft:FusedMatMul', 'x z', 'y', { transA: 1, alpha: { float: 2 } })],
  leaves: 'Concat MatMul Mul Reshape Shape Slice Transpose',
});
test('of matrices', lowers, {
  feeds: { x: randomInput([4, 6]), z: randomInput([3, 4], 'z') },
  nodes: [node('com.microsoft:FusedMatMul', 'x z', 'y', { transA: 1, transB: 1 })],
  leaves: 'Concat MatMul Reshape Shape Slice Transpose',
});

test('by the error function', lowers, { nodes: [node('com.microsoft:Gelu', 'x', 'y')], leaves: 'Add Erf Mul' });
test('with a bias', lowers, {
  feeds: { x: rows },
  nodes: [node('com.microsoft:BiasGelu', 'x b', 'y')],
  initializers: { b: randomFloats([6], 'b') },
  leaves: 'Add Erf Mul',
});
test('the default factor', lowers, { nodes: [node('com.microsoft:QuickGelu', 'x', 'y')], leaves: 'Mul Sigmoid' });
test('factor 1', lowers, {
  nodes: [node('com.microsoft:QuickGelu', 'x', 'y', { alpha: { float: 1 } })],
  leaves: 'Mul Sigmoid',
});
test('by a hyperbolic tangent', lowers, { nodes: [node('com.microsoft:FastGelu', 'x', 'y')], leaves: 'Add Mul Tanh' });
test('with a bias', lowers, {
  feeds: { x: rows },
  nodes: [node('com.microsoft:FastGelu', 'x b', 'y')],
  initializers: { b: randomFloats([6], 'b') },
  leaves: 'Add Mul Tanh',
});

const norm = { g: randomFloats([6], 'g'), b: randomFloats([6], 'b'), bias: randomFloats([6], 'bias') };
const skip = { x: rows, skip: randomInput([2, 4, 6], 'skip') };
const epsilon = { float: 1e-5 };
test('two inputs', lowers, {
  feeds: skip,
  nodes: [node('com.microsoft:SkipLayerNormalization', 'x skip g b', 'y', { epsilon })],
  initializers: norm,
  leaves: 'Add LayerNormalization',
});
test('three inputs, and their sum', lowers, {
  feeds: skip,
  nodes: [node('com.microsoft:SkipLayerNormalization', 'x skip g b bias', 'y - - sum', { epsilon })],
  initializers: norm,
  outputs: ['y', 'sum'],
  leaves: 'Add LayerNormalization',
});
test('without a mean', lowers, {
  feeds: { x: rows },
  nodes: [node('SimplifiedLayerNormalization', 'x g', 'y', { epsilon, axis: -1, stash_type: 1 })],
  initializers: norm,
  leaves: 'Add Div Mul ReduceMean Sqrt',
});
test('without a mean', lowers, {
  feeds: skip,
  nodes: [node('com.microsoft:SkipSimplifiedLayerNormalization', 'x skip g bias', 'y - - sum', { epsilon })],
  initializers: norm,
  outputs: ['y', 'sum'],
  leaves: 'Add Div Mul ReduceMean Sqrt',
});

/** The scale of y: results that lie between two multiples may be rounded either way. */
const QUANTUM = { absolute: 0.0201 };

const quantized = {
  xs: floats([0.01], []),
  xz: bytes('uint8', [120], []),
  ys: floats([0.02], []),
  yz: bytes('uint8', [128], []),
  w: bytes(
    'int8',
    numbers([4, 3, 3, 3], (i) => ((i * 37) % 255) - 127),
    [4, 3, 3, 3],
  ),
  ws: floats([0.002, 0.003, 0.001, 0.004]),
  wz: bytes('int8', [0, 0, 0, 0], [4]),
  b: { dataType: 'int32', shape: [4], bytes: new Uint8Array(Int32Array.of(1000, -2000, 30, 0).buffer) } as const,
};
const toWhole = node('QuantizeLinear', 'x xs xz', 'q');
const fromWhole = node('DequantizeLinear', 'p ys yz', 'y');

test('one scale per channel, with a bias', lowers, {
  nodes: [toWhole, node('QLinearConv', 'q xs xz w ws wz ys yz b', 'p', convAttributes), fromWhole],
  initializers: quantized,
  leaves: 'Conv DequantizeLinear Mul QuantizeLinear',
  tolerance: QUANTUM,
});
test('one scale for all', lowers, {
  nodes: [toWhole, node('QLinearConv', 'q xs xz w ws wz ys yz', 'p'), fromWhole],
  initializers: { ...quantized, ws: floats([0.003], []), wz: bytes('int8', [0], []) },
  leaves: 'Conv DequantizeLinear QuantizeLinear',
  tolerance: QUANTUM,
});

const matrix = {
  ...quantized,
  w: bytes(
    'int8',
    numbers([6, 3], (i) => ((i * 41) % 255) - 127),
    [6, 3],
  ),
  ws: floats([0.002, 0.003, 0.001]),
  wz: bytes('int8', [0, 3, -5], [3]),
};
test('one scale per column', lowers, {
  feeds: { x: rows },
  nodes: [toWhole, node('QLinearMatMul', 'q xs xz w ws wz ys yz', 'p'), fromWhole],
  initializers: { ...matrix, wz: bytes('int8', [0, 0, 0], [3]) },
  leaves: 'DequantizeLinear MatMul QuantizeLinear',
  tolerance: QUANTUM,
});
test('one scale per column, one zero point for all', lowers, {
  feeds: { x: rows },
  nodes: [toWhole, node('QLinearMatMul', 'q xs xz w ws wz ys yz', 'p'), fromWhole],
  initializers: { ...matrix, wz: bytes('int8', [0], []) },
  leaves: 'DequantizeLinear MatMul QuantizeLinear',
  tolerance: QUANTUM,
});
test('a bias in whole numbers', lowers, {
  feeds: { x: randomInput([4, 6]) },
  nodes: [toWhole, node('com.microsoft:QGemm', 'q xs xz w ws wz c ys yz', 'p', { transB: 1 }), fromWhole],
  initializers: {
    ...matrix,
    w: bytes(
      'int8',
      numbers([3, 6], (i) => ((i * 41) % 255) - 127),
      [3, 6],
    ),
    ws: floats([0.002], []),
    wz: bytes('int8', [0], []),
    c: { dataType: 'int32', shape: [3], bytes: new Uint8Array(Int32Array.of(1000, -2000, 30).buffer) },
  },
  leaves: 'DequantizeLinear Gemm Mul QuantizeLinear',
  tolerance: QUANTUM,
});
test('a result in float32', lowers, {
  feeds: { x: randomInput([4, 6]) },
  nodes: [toWhole, node('com.microsoft:QGemm', 'q xs xz w ws wz', 'y')],
  initializers: { ...matrix, ws: floats([0.002], []), wz: bytes('int8', [0], []) },
  leaves: 'DequantizeLinear Gemm QuantizeLinear',
});

const second = { as: floats([0.015], []), az: bytes('uint8', [100], []) };
for (const [opType, operator] of [
  ['QLinearAdd', 'Add'],
  ['QLinearMul', 'Mul'],
] as const) {
  test('two tensors', lowers, {
    feeds: { x, z: randomInput([2, 3, 4, 5], 'z') },
    nodes: [
      toWhole,
      node('QuantizeLinear', 'z as az', 'r'),
      node(`com.microsoft:${opType}`, 'q xs xz r as az ys yz', 'p'),
      fromWhole,
    ],
    initializers: { ...quantized, ...second },
    leaves: [operator, 'DequantizeLinear', 'QuantizeLinear'].toSorted().join(' '),
    tolerance: QUANTUM,
  });
}
for (const [opType, operator, attributes] of [
  ['QLinearSigmoid', 'Sigmoid', {}],
  ['QLinearLeakyRelu', 'LeakyRelu', { alpha: { float: 0.3 } }],
  ['QLinearGlobalAveragePool', 'GlobalAveragePool', { channels_last: 0 }],
  ['QLinearAveragePool', 'AveragePool', { kernel_shape: [2, 2], pads: [1, 0, 0, 1], count_include_pad: 1 }],
] as const) {
  test('one tensor', lowers, {
    nodes: [toWhole, node(`com.microsoft:${opType}`, 'q xs xz ys yz', 'p', attributes), fromWhole],
    initializers: quantized,
    leaves: [operator, 'DequantizeLinear', 'QuantizeLinear'].toSorted().join(' '),
    tolerance: QUANTUM,
  });
}
test('of opset 13', lowers, {
  nodes: [toWhole, node('com.microsoft:QLinearSoftmax', 'q xs xz ys yz', 'p', { axis: 1, opset: 13 }), fromWhole],
  initializers: { ...quantized, ys: floats([1 / 256], []), yz: bytes('uint8', [0], []) },
  leaves: 'DequantizeLinear QuantizeLinear Softmax',
  tolerance: { absolute: 1.01 / 256 },
});
test('of opset 12', lowers, {
  nodes: [toWhole, node('com.microsoft:QLinearSoftmax', 'q xs xz ys yz', 'p', { axis: 2, opset: 12 }), fromWhole],
  initializers: { ...quantized, ys: floats([1 / 256], []), yz: bytes('uint8', [0], []) },
  leaves: 'DequantizeLinear Flatten QuantizeLinear Reshape Shape Softmax',
  tolerance: { absolute: 1.01 / 256 },
});
test('two tensors', lowers, {
  nodes: [
    toWhole,
    node('QuantizeLinear', 'x as az', 'r'),
    node('com.microsoft:QLinearConcat', 'ys yz q xs xz r as az', 'p', { axis: 1 }),
    fromWhole,
  ],
  initializers: { ...quantized, ...second },
  leaves: 'Concat DequantizeLinear QuantizeLinear',
  tolerance: QUANTUM,
});
test('of ONNX Runtime', lowers, {
  nodes: [node('com.microsoft:QuantizeLinear', 'x xs xz', 'q'), node('com.microsoft:DequantizeLinear', 'q xs xz', 'y')],
  initializers: quantized,
  leaves: 'DequantizeLinear QuantizeLinear',
});

const dynamic = node('DynamicQuantizeLinear', 'x', 'q s z');
const DYNAMIC = 'Cast Clip DequantizeLinear Div Equal Max Min Mul QuantizeLinear ReduceMax ReduceMin Round Sub Where';
const toFloat = [node('Cast', 'i', 'f', { to: 1 }), node('Mul', 's ws', 'sw'), node('Mul', 'f sw', 'y')];
test('read in float32', lowers, {
  feeds: { x: rows },
  nodes: [dynamic, node('MatMulInteger', 'q w z wz', 'i'), ...toFloat],
  initializers: matrix,
  leaves: `Cast Clip DequantizeLinear Div Equal MatMul Max Min Mul QuantizeLinear ReduceMax ReduceMin Round Sub Where`,
});
test('read in float32', lowers, {
  nodes: [dynamic, node('ConvInteger', 'q w z', 'i', convAttributes), ...toFloat],
  initializers: { ...quantized, ws: floats([0.01], []) },
  leaves: `Cast Clip Conv DequantizeLinear Div Equal Max Min Mul QuantizeLinear ReduceMax ReduceMin Round Sub Where`,
});
test('an input that is all 0', lowers, {
  feeds: { x: { ...rows, data: new Float32Array(rows.data.length) } },
  nodes: [dynamic, node('DequantizeLinear', 'q s z', 'y')],
  outputs: ['y', 's', 'z'],
  leaves: DYNAMIC.replace('Mul ', ''),
});
test('whole numbers are wanted', lowers, {
  feeds: { x: rows },
  nodes: [toWhole, node('MatMulInteger', 'q w xz wz', 'y')],
  initializers: matrix,
  leaves: 'Cast DequantizeLinear MatMul QuantizeLinear',
  tolerance: 0,
});
test('with scales', lowers, {
  feeds: { x: rows },
  nodes: [toWhole, node('com.microsoft:MatMulIntegerToFloat', 'q w xs ws xz wz b', 'y')],
  initializers: { ...matrix, b: randomFloats([3], 'b') },
  leaves: 'Add DequantizeLinear MatMul QuantizeLinear',
});
test('with scales', lowers, {
  feeds: { x: rows },
  nodes: [node('com.microsoft:DynamicQuantizeMatMul', 'x w ws wz b', 'y')],
  initializers: { ...matrix, b: randomFloats([3], 'b') },
  leaves: `Add Cast Clip DequantizeLinear Div Equal MatMul Max Min QuantizeLinear ReduceMax ReduceMin Round Sub Where`,
});

test('what standard operators cannot do stays', lowers, {
  feeds: { x: randomInput([3, 2, 4]) },
  nodes: [node('com.microsoft:FusedMatMul', 'x w', 'y', { transBatchA: 1 })],
  initializers: { w: randomFloats([2, 4, 3], 'w') },
  leaves: 'com.microsoft.FusedMatMul',
});
test('16 bits stay', lowers, {
  nodes: [node('com.microsoft:QuantizeLinear', 'x xs xz', 'q'), node('com.microsoft:DequantizeLinear', 'q xs xz', 'y')],
  initializers: {
    xs: floats([1e-4], []),
    xz: { dataType: 'uint16', shape: [], bytes: new Uint8Array(Uint16Array.of(3e4).buffer) },
  },
  leaves: 'com.microsoft.DequantizeLinear com.microsoft.QuantizeLinear',
});
test('lengths do not matter', lowers, {
  feeds: { x: rows },
  nodes: [node('Reshape', 'x shape', 'r'), node('com.microsoft:Gelu', 'r', 'y')],
  initializers: { shape: integers([6, -1]) },
  leaves: 'Add Erf Mul Reshape',
});
