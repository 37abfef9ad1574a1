import test from 'ava';
import { createSession } from '../../../../src/engine/models/onnx/session.js';
import type { DataType } from '../../../../src/engine/onnx/data-types.js';
import { encodeModel } from '../../../../src/engine/onnx/encode-model.js';
import type { Attribute, ModelDef, TensorValue } from '../../../../src/engine/onnx/graph.js';
import { importModel } from '../../../../src/engine/onnx/import/import-model.js';
import { float32Of, float32Tensor } from '../../../../src/engine/onnx/tensor-value.js';
import {
  expectSameOutputs,
  floats,
  graphAttribute,
  input,
  integers,
  model,
  node,
  numbersIn,
  randomFloats,
  randomInput,
  reread,
  runModel,
  value,
} from '../../../support/models.js';

/** Bits of multiples of 1/8 below 1 in float16, bfloat16 and float64. */
const eighths = (dataType: DataType, count: number): TensorValue => {
  const values = Array.from({ length: count }, (_, i) => (1 + (i % 7)) / 8);
  const shape = [count];
  if (dataType === 'float64') return { dataType, shape, bytes: new Uint8Array(Float64Array.from(values).buffer) };
  if (dataType === 'bfloat16') {
    const bits = Array.from(new Uint32Array(Float32Array.from(values).buffer), (word) => word >>> 16);
    return { dataType, shape, bytes: new Uint8Array(Uint16Array.from(bits).buffer) };
  }
  const bits = values.map((number) => {
    const exponent = Math.floor(Math.log2(number));
    return ((exponent + 15) << 10) + (number / 2 ** exponent - 1) * 1024;
  });
  return { dataType, shape, bytes: new Uint8Array(Uint16Array.from(bits).buffer) };
};

const upcasts = test.macro<[dataType: DataType, number: number]>({
  title: (_, dataType) => `${dataType} weights, inputs, casts and constants become float32`,
  exec(t, dataType, number) {
    const one: Attribute = { type: 'tensor', value: { ...eighths(dataType, 1), shape: [1] } };
    const imported = importModel(
      reread(
        model({
          inputs: [value('x', dataType, ['N', 3]), value('c', 'bool', [])],
          outputs: [value('y', dataType), value('z')],
          nodes: [
            node('Mul', 'x w', 'm'),
            node('ConstantOfShape', 'shape', 'ones', { value: one }),
            node('If', 'c', 'b', {
              then_branch: graphAttribute({
                nodes: [node('Add', 'm v', 't')],
                outputs: ['t'],
                initializers: { v: eighths(dataType, 3) },
              }),
              else_branch: graphAttribute({
                nodes: [node('Cast', 'ones', 't', { to: number })],
                outputs: [value('t', dataType)],
              }),
            }),
            node('Cast', 'b', 'z', { to: 1 }),
            node('Cast', 'z', 'y', { to: number }),
          ],
          initializers: { w: eighths(dataType, 3), shape: integers([1, 3]) },
        }),
      ),
    );
    const { graph, fileTypes } = imported;
    t.deepEqual(
      [...fileTypes],
      [
        ['x', dataType],
        ['y', dataType],
      ],
    );
    t.deepEqual(
      graph.inputs.map((i) => i.dataType),
      ['float32', 'bool'],
    );
    t.deepEqual(
      graph.outputs.map((o) => o.dataType),
      ['float32', 'float32'],
    );
    t.deepEqual(graph.initializers.get('w'), floats([0.125, 0.25, 0.375]));
    const text = JSON.stringify(graph, (_, v) => (v instanceof Map ? [...v] : v));
    t.false(text.includes(`"${dataType}"`));
    t.false(text.includes(`["to",{"type":"int","value":${number}}]`));
  },
});
test(upcasts, 'float16', 10);
test(upcasts, 'bfloat16', 16);
test(upcasts, 'float64', 11);

test('a float16 model computes the same in float32, but for rounding', async (t) => {
  const half = node('Cast', 'x', 'h', { to: 10 });
  const nodes = [
    half,
    node('Conv', 'h w', 'c', { pads: [1, 1, 1, 1] }),
    node('Relu', 'c', 'r'),
    node('Cast', 'r', 'y', { to: 1 }),
  ];
  const original = model({
    inputs: [value('x', 'float32', [1, 2, 5, 5])],
    nodes,
    initializers: { w: { ...eighths('float16', 4 * 2 * 3 * 3), shape: [4, 2, 3, 3] } },
  });
  const feeds = { x: randomInput([1, 2, 5, 5]) };
  expectSameOutputs(t, await runModel(importModel(original), feeds), await runModel(original, feeds), 1e-3);
});

test('a float64 model computes the same in float32, but for rounding', async (t) => {
  const w = new Float64Array(12).map((_, i) => Math.sin(i));
  const original: ModelDef = model({
    opset: 12,
    inputs: [value('x', 'float64', [2, 4])],
    outputs: [value('y', 'float64')],
    nodes: [node('MatMul', 'x w', 'm'), node('Clip', 'm low', 'y')],
    initializers: {
      w: { dataType: 'float64', shape: [4, 3], bytes: new Uint8Array(w.buffer) },
      low: { dataType: 'float64', shape: [], bytes: new Uint8Array(Float64Array.of(-0.5).buffer) },
    },
  });
  const values = numbersIn(randomInput([2, 4]));
  const expected = await runModel(original, { x: input('float64', values, [2, 4]) });
  const actual = await runModel(importModel(original), { x: input('float32', values, [2, 4]) });
  t.is(actual.get('y')?.dataType, 'float32');
  expectSameOutputs(t, actual, expected, 1e-6);
});

test('numbers beyond float32 become its largest, and infinities stay', (t) => {
  const extreme: TensorValue = {
    dataType: 'float64',
    shape: [4],
    bytes: new Uint8Array(Float64Array.of(-Number.MAX_VALUE, 1e300, -Infinity, 0.1).buffer),
  };
  const imported = importModel(
    model({ inputs: [value('x', 'float64')], nodes: [node('Add', 'x mask', 'y')], initializers: { mask: extreme } }),
  );
  const largest = Math.fround(3.4028234663852886e38);
  t.deepEqual(
    [...float32Of(imported.graph.initializers.get('mask') as TensorValue)],
    [-largest, largest, -Infinity, Math.fround(0.1)],
  );
});

test('a model in float32 keeps its weights, uncopied', (t) => {
  const w = randomFloats([3], 'w');
  const imported = importModel(model({ inputs: [value('x')], nodes: [node('Mul', 'x w', 'y')], initializers: { w } }));
  t.is(imported.graph.initializers.get('w')?.bytes, w.bytes);
  t.is(imported.fileTypes.size, 0);
});

/** An input of levels, normalised inside the graph. */
const levels = (nodes: Parameters<typeof node>[], dataType: DataType = 'uint8', initializers = {}): ModelDef =>
  model({
    inputs: [value('x', dataType, [1, 2, 2, 3])],
    nodes: nodes.map((parts) => node(...parts)),
    initializers: { scale: floats([1 / 255], []), ...initializers },
  });

const takesFloats = test.macro<[source: ModelDef]>({
  title: (what) => `an input of whole numbers becomes float32: ${what}`,
  async exec(t, source) {
    const imported = importModel(source);
    const { dataType = 'float32', shape = [] } = source.graph.inputs[0] ?? {};
    t.is(imported.graph.inputs[0]?.dataType, 'float32');
    t.deepEqual([...imported.fileTypes], [['x', dataType]]);
    const values = Array.from({ length: 12 }, (_, i) => i * 20);
    const expected = await runModel(source, { x: input(dataType, values, shape as number[]) });
    expectSameOutputs(t, await runModel(imported, { x: input('float32', values, shape as number[]) }), expected);
  },
});
test(
  'it is cast',
  takesFloats,
  levels([
    ['Cast', 'x', 'f', { to: 1 }],
    ['Mul', 'f scale', 'y'],
  ]),
);
test(
  'it is moved and cast',
  takesFloats,
  levels(
    [
      ['Transpose', 'x', 't', { perm: [0, 3, 1, 2] }],
      ['Cast', 't', 'f', { to: 1 }],
      ['Mul', 'f scale', 'y'],
    ],
    'int32',
  ),
);
test(
  'its shape is read too',
  takesFloats,
  levels(
    [
      ['Cast', 'x', 'f', { to: 1 }],
      ['Shape', 'x', 's'],
      ['Reshape', 'f s', 'y'],
    ],
    'int64',
  ),
);
test(
  'it is dequantised',
  takesFloats,
  levels(
    [
      ['Transpose', 'x', 't'],
      ['DequantizeLinear', 't scale zero', 'y'],
    ],
    'uint8',
    { zero: { dataType: 'uint8', shape: [], bytes: Uint8Array.of(128) } },
  ),
);
test('it is dequantised without a zero point', takesFloats, levels([['DequantizeLinear', 'x scale', 'y']]));

const staysWhole = test.macro<[source: ModelDef]>({
  title: (what) => `an input of whole numbers stays: ${what}`,
  async exec(t, source) {
    const imported = importModel(source);
    t.deepEqual(imported.graph.inputs, source.graph.inputs);
    t.is(imported.fileTypes.size, 0);
    const options = { threads: 1, allowSpinning: false, optimization: 'disabled', prepacking: false } as const;
    await (await createSession(encodeModel(imported), options)).release();
  },
});
test('it is an index', staysWhole, levels([['Gather', 'table x', 'y']], 'int64', { table: floats([1, 2, 3]) }));
test(
  'it is computed with',
  staysWhole,
  levels(
    [
      ['Add', 'x one', 'a'],
      ['Cast', 'a', 'y', { to: 1 }],
    ],
    'int32',
    { one: { dataType: 'int32', shape: [], bytes: new Uint8Array(Int32Array.of(1).buffer) } },
  ),
);
test('it is an output too', staysWhole, levels([['Identity', 'x', 'y']], 'int32'));
test(
  'it is dequantised with a scale per channel',
  staysWhole,
  levels([['DequantizeLinear', 'x scales zeros', 'y', { axis: 1 }]], 'uint8', {
    scales: float32Tensor(Float32Array.of(0.5, 0.25), [2]),
    zeros: { dataType: 'uint8', shape: [2], bytes: Uint8Array.of(3, 4) },
  }),
);
test('it is one of booleans', staysWhole, levels([['Cast', 'x', 'y', { to: 1 }]], 'bool'));
