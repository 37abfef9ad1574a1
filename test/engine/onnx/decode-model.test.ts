import test from 'ava';
import { EngineError } from '../../../src/engine/errors.js';
import { DATA_TYPES, type DataType } from '../../../src/engine/onnx/data-types.js';
import { decodeModel } from '../../../src/engine/onnx/decode-model.js';
import type { ReadExternal } from '../../../src/engine/onnx/decode-tensor.js';
import type { Attribute, TensorValue } from '../../../src/engine/onnx/graph.js';
import type { Tensor, Attribute as WireAttribute } from '../../../src/engine/onnx/schema/onnx.js';
import { numbersOf } from '../../../src/engine/onnx/tensor-value.js';
import {
  fileOf,
  fileWithSparse,
  fileWithTensor,
  wireAttribute,
  wireGraph,
  wireModel,
  wireNode,
  wireTensor,
} from '../../support/wire.js';

const none: ReadExternal = () => new Uint8Array();
const tensorIn = (file: Uint8Array, read = none): TensorValue | undefined =>
  decodeModel(file, read).graph.initializers.get('w');

/** The same numbers wherever a file keeps them. */
const holds = test.macro<[dataType: DataType, parts: Partial<Tensor>, values: readonly number[]]>({
  title: (where, dataType) => `${dataType} elements are read from ${where}`,
  exec(t, dataType, parts, values) {
    const tensor = tensorIn(
      fileWithTensor({ dims: [BigInt(values.length)], dataType: DATA_TYPES[dataType], ...parts }),
    );
    t.is(tensor?.dataType, dataType);
    t.deepEqual(tensor?.shape, [values.length]);
    t.deepEqual(numbersOf(tensor as TensorValue), values);
  },
});

const raw = (array: ArrayBufferView<ArrayBuffer>): Partial<Tensor> => ({ rawData: new Uint8Array(array.buffer) });
const big = (...values: number[]): bigint[] => values.map(BigInt);

test('raw_data', holds, 'float32', raw(Float32Array.of(1.5, -2)), [1.5, -2]);
test('float_data', holds, 'float32', { floatData: [1.5, -2] }, [1.5, -2]);
test('raw_data', holds, 'float64', raw(Float64Array.of(0.1, -2)), [0.1, -2]);
test('double_data', holds, 'float64', { doubleData: [0.1, -2] }, [0.1, -2]);
test('raw_data', holds, 'int64', raw(BigInt64Array.of(-1n, 2n ** 40n)), [-1, 2 ** 40]);
test('int64_data', holds, 'int64', { int64Data: big(-1, 2 ** 40) }, [-1, 2 ** 40]);
test('uint64_data', holds, 'uint64', { uint64Data: big(3, 2 ** 40) }, [3, 2 ** 40]);
test('uint64_data', holds, 'uint32', { uint64Data: big(3, 2 ** 31) }, [3, 2 ** 31]);
test('int32_data', holds, 'int32', { int32Data: [-7, 9] }, [-7, 9]);
test('int32_data', holds, 'int16', { int32Data: [-7, 9] }, [-7, 9]);
test('int32_data', holds, 'uint16', { int32Data: [7, 65535] }, [7, 65535]);
test('int32_data', holds, 'int8', { int32Data: [-7, 9] }, [-7, 9]);
test('int32_data', holds, 'uint8', { int32Data: [7, 255] }, [7, 255]);
test('int32_data', holds, 'bool', { int32Data: [0, 1] }, [0, 1]);
test('int32_data', holds, 'float16', { int32Data: [0x3c00, 0xc100] }, [1, -2.5]);
test('int32_data', holds, 'bfloat16', { int32Data: [0x3f80, 0xc020] }, [1, -2.5]);
test('raw_data', holds, 'float16', raw(Uint16Array.of(0x3c00, 0x0001)), [1, 2 ** -24]);

const location = (entries: Readonly<Record<string, string>>): Partial<Tensor> => ({
  dims: [2n],
  dataLocation: 1,
  externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
});

test('elements are read from another file, of which the decoder says where and whose', (t) => {
  const asked: unknown[] = [];
  const tensor = tensorIn(
    fileWithTensor(location({ location: 'a/b.bin', offset: '4096', length: '8', checksum: 'x' })),
    (at) => {
      asked.push(at);
      return new Uint8Array(Float32Array.of(3, 4).buffer);
    },
  );
  t.deepEqual(asked, [{ tensor: 'w', location: 'a/b.bin', offset: 4096, length: 8 }]);
  t.deepEqual(numbersOf(tensor as TensorValue), [3, 4]);
});

test('a location without an offset and a length means the whole file', (t) => {
  const read: ReadExternal = ({ offset, length }) => {
    t.deepEqual([offset, length], [0, undefined]);
    return new Uint8Array(8);
  };
  t.deepEqual(tensorIn(fileWithTensor(location({ location: 'w' })), read)?.shape, [2]);
});

test('text is read, and takes no bytes', (t) => {
  const words = ['cat', 'Straße'].map((word) => new TextEncoder().encode(word));
  t.deepEqual(tensorIn(fileWithTensor({ dims: [2n], dataType: 8, stringData: words })), {
    dataType: 'string',
    shape: [2],
    bytes: new Uint8Array(),
    texts: ['cat', 'Straße'],
  });
});

const int64 = (dims: readonly number[], ...values: number[]): Tensor =>
  wireTensor({ dataType: 7, dims: dims.map(BigInt), int64Data: values.map(BigInt) });
const nonZero = wireTensor({ name: 'w', dims: [2n], floatData: [5, 6] });
const dense = { dataType: 'float32', shape: [2, 3], bytes: new Uint8Array(Float32Array.of(0, 5, 0, 0, 0, 6).buffer) };

test('a sparse constant with one index per value becomes a dense one', (t) => {
  t.deepEqual(
    tensorIn(fileWithSparse({ values: nonZero, indices: int64([2], 1, 5), dims: [2n, 3n] })),
    dense as TensorValue,
  );
});
test('a sparse constant with an index per axis becomes a dense one', (t) => {
  const indices = int64([2, 2], 0, 1, 1, 2);
  t.deepEqual(tensorIn(fileWithSparse({ values: nonZero, indices, dims: [2n, 3n] })), dense as TensorValue);
});

const refuses = test.macro<[file: Uint8Array, message: string | RegExp]>({
  title: (what) => `${what} is refused`,
  exec(t, file, message) {
    const error = t.throws(() => decodeModel(file, none), { instanceOf: EngineError });
    t.is(error.code, 'INVALID_MODEL');
    if (typeof message === 'string') t.is(error.message, message);
    else t.regex(error.message, message);
  },
});

const huge = 2n ** 62n;
test(
  'an element type that nobody knows',
  refuses,
  fileWithTensor({ dataType: 99 }),
  'expected a known element type of tensor w, got type 99',
);
test(
  'too few elements',
  refuses,
  fileWithTensor({ dims: [3n], floatData: [1] }),
  'expected 12 bytes in tensor w of shape [3], got 4',
);
test(
  'too many elements',
  refuses,
  fileWithTensor({ dims: [], floatData: [1, 2] }),
  'expected 4 bytes in tensor w of shape [], got 8',
);
test(
  'a length of 2⁶²',
  refuses,
  fileWithTensor({ dims: [huge] }),
  `expected an axis length of 0 … 2^31 in tensor w, got ${huge}`,
);
test(
  'a negative length',
  refuses,
  fileWithTensor({ dims: [-1n] }),
  'expected an axis length of 0 … 2^31 in tensor w, got -1',
);
test(
  'more than 2 GiB',
  refuses,
  fileWithTensor({ dims: [2n ** 20n, 2n ** 20n] }),
  'expected at most 2 GiB in tensor w, got shape [1048576,1048576]',
);
test(
  'too few texts',
  refuses,
  fileWithTensor({ dims: [2n], dataType: 8, stringData: [] }),
  'expected 2 texts in tensor w of shape [2], got 0',
);
test(
  'a location that names no file',
  refuses,
  fileWithTensor(location({ offset: '0' })),
  'expected a location for tensor w, got none',
);
test(
  'an offset that is no number',
  refuses,
  fileWithTensor(location({ location: 'w', offset: '1e400' })),
  'expected a whole offset for tensor w, got "1e400"',
);
test(
  'an empty length',
  refuses,
  fileWithTensor(location({ location: 'w', length: ' ' })),
  'expected a whole length for tensor w, got " "',
);
test(
  'a negative offset',
  refuses,
  fileWithTensor(location({ location: 'w', offset: '-8' })),
  'expected a whole offset for tensor w, got "-8"',
);
test(
  'another file that is too short',
  refuses,
  fileWithTensor(location({ location: 'w.bin' })),
  'expected 8 bytes in tensor w of shape [2], kept in w.bin, got 0',
);
test(
  'two constants of one name',
  refuses,
  fileOf(
    wireModel({ initializer: [wireTensor({ name: 'w', floatData: [1] }), wireTensor({ name: 'w', floatData: [1] })] }),
  ),
  'expected one tensor called w, got two',
);
test(
  'two attributes of one name',
  refuses,
  fileOf(
    wireModel({
      node: [wireNode({ attribute: [wireAttribute({ i: 1n, type: 2 }), wireAttribute({ i: 2n, type: 2 })] })],
    }),
  ),
  'expected one attribute called a, got two',
);
test(
  'a sparse constant without values',
  refuses,
  fileWithSparse({ dims: [2n] }),
  'expected values and indices in a sparse tensor, got none',
);
test(
  'an index outside a sparse constant',
  refuses,
  fileWithSparse({ values: nonZero, indices: int64([2], 1, 6), dims: [2n, 3n] }),
  'expected indices of 0 … 5 in tensor w, got 6',
);
test(
  'a negative index in a sparse constant',
  refuses,
  fileWithSparse({ values: nonZero, indices: int64([2, 2], 0, 1, -1, 2), dims: [2n, 3n] }),
  'expected indices of 0 … 1 in tensor w, got -1',
);
test(
  'too few indices',
  refuses,
  fileWithSparse({ values: nonZero, indices: int64([1], 1), dims: [2n, 3n] }),
  'expected an index for each value of tensor w, got 1',
);
test(
  'indices with too many axes',
  refuses,
  fileWithSparse({ values: nonZero, indices: int64([2, 3], 0, 0, 0, 0, 0, 0), dims: [2n, 3n] }),
  'expected indices of shape [n] or [n, 2] for tensor w, got [2,3]',
);
test(
  'a sparse constant of 16 GiB in a file of 50 bytes',
  refuses,
  fileWithSparse({ values: nonZero, indices: int64([2], 1, 5), dims: [2n ** 31n, 2n] }),
  /^expected at most 512 MiB of numbers in all sparse tensors/,
);
test('no graph', refuses, fileOf({ ...wireModel(), graph: undefined }), 'expected a graph with nodes, got none');
test('no nodes', refuses, fileOf(wireModel({ node: [] })), 'expected a graph with nodes, got none');
test('an empty file', refuses, new Uint8Array(), 'expected a graph with nodes, got none');
test(
  'a file that ends too soon',
  refuses,
  Uint8Array.of(0x3a, 0x7f, 0x00),
  /^expected an ONNX model, got bytes that are none/,
);
test(
  'an attribute that lists graphs',
  refuses,
  fileOf(wireModel({ node: [wireNode({ attribute: [wireAttribute({ type: 10, graphs: [wireGraph({})] })] })] })),
  'expected a number, text, tensor or graph for attribute a, got type 10',
);
test(
  'an attribute that should be a graph',
  refuses,
  fileOf(wireModel({ node: [wireNode({ attribute: [wireAttribute({ type: 5 })] })] })),
  'expected a graph for attribute a, got none',
);
test(
  'an attribute that should be a tensor',
  refuses,
  fileOf(wireModel({ node: [wireNode({ attribute: [wireAttribute({ type: 4 })] })] })),
  'expected a tensor for attribute a, got none',
);

const isRead = test.macro<[wire: Partial<WireAttribute>, expected: Attribute]>({
  title: (what) => `an attribute is read: ${what}`,
  exec(t, wire, expected) {
    const file = fileOf(wireModel({ node: [wireNode({ attribute: [wireAttribute(wire)] })] }));
    t.deepEqual(decodeModel(file, none).graph.nodes[0]?.attributes.get('a'), expected);
  },
});
test('a number that the file leaves out is 0', isRead, { type: 1 }, { type: 'float', value: 0 });
test('a whole number that the file leaves out is 0', isRead, { type: 2 }, { type: 'int', value: 0 });
test('a text that the file leaves out is empty', isRead, { type: 3 }, { type: 'string', value: '' });
test(
  'a sparse tensor becomes a dense one',
  isRead,
  { type: 11, sparseTensor: { values: nonZero, indices: int64([2], 1, 5), dims: [2n, 3n] } },
  { type: 'tensor', value: dense as TensorValue },
);
test('of IR version 1, by the field: a float', isRead, { f: 0 }, { type: 'float', value: 0 });
test('of IR version 1, by the field: an int', isRead, { i: 3n }, { type: 'int', value: 3 });
test(
  'of IR version 1, by the field: a string',
  isRead,
  { s: new TextEncoder().encode('NCHW') },
  { type: 'string', value: 'NCHW' },
);
test('of IR version 1, by the field: floats', isRead, { floats: [0.5] }, { type: 'floats', value: [0.5] });
test('of IR version 1, by the field: ints', isRead, { ints: [1n, 2n] }, { type: 'ints', value: [1, 2] });
test(
  'of IR version 1, by the field: strings',
  isRead,
  { strings: [new Uint8Array()] },
  { type: 'strings', value: [''] },
);
test(
  'of IR version 1, by the field: a tensor',
  isRead,
  { t: wireTensor({ floatData: [0] }) },
  { type: 'tensor', value: { dataType: 'float32', shape: [], bytes: new Uint8Array(4) } },
);

test('ONNX’s own domain may be written out', (t) => {
  const model = decodeModel(
    fileOf(
      wireModel(
        { node: [wireNode({ output: ['y'], domain: 'ai.onnx' })] },
        { opsetImport: [{ domain: 'ai.onnx', version: 13n }] },
      ),
    ),
    none,
  );
  t.is(model.opsets.get(''), 13);
  t.is(model.graph.nodes[0]?.domain, '');
});

test('an axis has a length, a name, or neither', (t) => {
  const dim = [
    { dimValue: 3n, dimParam: undefined },
    { dimValue: undefined, dimParam: 'batch' },
    { dimValue: undefined, dimParam: undefined },
    { dimValue: 0n, dimParam: undefined },
  ];
  const input = [{ name: 'x', type: { tensorType: { elemType: 1, shape: { dim } } } }];
  t.deepEqual(decodeModel(fileOf(wireModel({ input })), none).graph.inputs[0]?.shape, [3, 'batch', -1, -1]);
});
