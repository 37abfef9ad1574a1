import test from 'ava';
import type { DataType } from '../../../../src/engine/onnx/data-types.js';
import type { ModelDef, NodeDef, TensorValue } from '../../../../src/engine/onnx/graph.js';
import { isAdjoint, isRefused } from '../../../support/check-rule.js';
import { differentiateModel, floats, modelOf, type OneNode, variable } from '../../../support/one-node.js';

const bytes = (dataType: DataType, values: readonly number[], shape = [values.length]): TensorValue => ({
  dataType,
  shape,
  bytes: Uint8Array.from(values),
});

for (const [when, scale, zeroPoint, axis] of [
  ['one scale', [], [], 1],
  ['a scale of one element', [1], [1], 1],
  ['a scale per channel', [3], [3], 1],
  ['a scale per row', [2], [2], -2],
] as const) {
  const values = bytes('uint8', [3, 250, 7, 0, 255, 128], [2, 3]);
  const zero = bytes('uint8', [5, 130, 9].slice(0, zeroPoint[0] ?? 1), [...zeroPoint]);
  const node: OneNode = {
    opType: 'DequantizeLinear',
    inputs: [values, variable(scale), zero],
    attributes: { axis },
  };
  test(`by ${when}`, isAdjoint, node);
  test(`by ${when}, no zero point`, isAdjoint, { ...node, inputs: node.inputs.slice(0, 2) });
}
test(
  'with a scale for each block',
  isRefused,
  {
    opType: 'DequantizeLinear',
    inputs: [bytes('uint8', [1, 2, 3, 4], [2, 2]), variable([2, 1])],
    attributes: { axis: 1, block_size: 2 },
    opset: 21,
  },
  1,
  'a scale for each block',
);

/** x0 quantised by scale x1 and zero point x2, moved by `moves`, and dequantised with the same: y. */
function quantised(node: Pick<OneNode, 'inputs' | 'attributes' | 'opset'>, moves: readonly string[]): ModelDef {
  const model = modelOf({ opType: 'QuantizeLinear', ...node });
  const [quantize] = model.graph.nodes as [NodeDef];
  const attributes = new Map();
  const moved = moves.map((opType, i): NodeDef => {
    const [name, inputs, outputs] = [`move ${i}`, [`y${i}`], [`y${i + 1}`]];
    return { ...quantize, opType, name, inputs, outputs, attributes };
  });
  const inputs = [`y${moves.length}`, ...quantize.inputs.slice(1)];
  const dequantize: NodeDef = {
    ...quantize,
    opType: 'DequantizeLinear',
    name: 'back',
    inputs,
    outputs: ['y'],
    attributes,
  };
  return { ...model, graph: { ...model.graph, nodes: [quantize, ...moved, dequantize] } };
}

async function gradientOf(inputs: OneNode['inputs'], by: number, cotangent: number[]): Promise<number[]> {
  const differentiable = await differentiateModel(quantised({ inputs }, ['Flatten', 'Identity']), inputs, ['y'], by);
  try {
    const { gradient } = await differentiable.run(inputs, new Map([[0, Float32Array.from(cotangent)]]));
    return [...gradient];
  } finally {
    await differentiable.release();
  }
}

const x = { shape: [1, 5], data: Float32Array.of(-3, -1, 0.3, 1, 3) };

test('quantised values carry the gradient straight through, but for those beyond the limits', async (t) => {
  const scale = floats([1 / 64], []);
  const cotangent = [2, 3, 5, 7, 11];
  t.deepEqual(await gradientOf([x, scale, bytes('int8', [0], [])], 0, cotangent), [0, 3, 5, 7, 0]);
  t.deepEqual(await gradientOf([x, scale, bytes('uint8', [0], [])], 0, cotangent), [0, 0, 5, 7, 11]);
  t.deepEqual(await gradientOf([x, scale, bytes('uint8', [128], [])], 0, cotangent), [0, 3, 5, 7, 0]);
  t.deepEqual(await gradientOf([x, scale], 0, cotangent), [0, 0, 5, 7, 11]);
});

test('a scale per column is that of its column', async (t) => {
  const scales = floats([1 / 8, 1 / 8, 1 / 512, 1 / 8, 1 / 512]);
  const zeros = bytes('int8', [0, 0, 0, 0, 0]);
  t.deepEqual(await gradientOf([x, scales, zeros], 0, [1, 1, 1, 1, 1]), [1, 1, 0, 1, 0]);
});

test('by the scale the gradient is what rounding adds, or the limit', async (t) => {
  // y = s round(x / s), or s times the limit: dy/ds = round(x / s) − x / s, or the limit (Esser et al., LSQ, eq. 3).
  const scale = { shape: [], data: Float32Array.of(0.5) };
  const values = { shape: [1, 3], data: Float32Array.of(0.875, -1.125, 1000) };
  const [gradient] = await gradientOf([values, scale, bytes('int8', [0], [])], 1, [1, 1, 1]);
  t.is(gradient, 0.25 + 0.25 + 127);
});
