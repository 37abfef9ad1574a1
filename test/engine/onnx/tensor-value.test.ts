import test from 'ava';
import { EngineError } from '../../../src/engine/errors.js';
import type { DataType } from '../../../src/engine/onnx/data-types.js';
import {
  bfloat16ToNumber,
  float16ToNumber,
  float32Of,
  int64Tensor,
  numbersOf,
  sizeBytesOf,
} from '../../../src/engine/onnx/tensor-value.js';

test('float16 bits are read as IEEE 754 has them', (t) => {
  const table = [
    [0x0000, 0],
    [0x8000, -0],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x0400, 2 ** -14],
    [0x3555, 0.333251953125],
    [0x3c00, 1],
    [0xc100, -2.5],
    [0x7bff, 65504],
    [0x7c00, Infinity],
    [0xfc00, -Infinity],
    [0x7e00, NaN],
  ] as const;
  for (const [bits, number] of table) t.is(float16ToNumber(bits), number, bits.toString(16));
});

test('bfloat16 bits are the upper half of a float32', (t) => {
  t.deepEqual([0x3f80, 0xc020, 0x7f80, 0x0080].map(bfloat16ToNumber), [1, -2.5, Infinity, 2 ** -126]);
});

const wide = (dataType: DataType, array: ArrayBufferView<ArrayBuffer>, shape: readonly number[]) => ({
  dataType,
  shape,
  bytes: new Uint8Array(array.buffer),
});

test('all 65 536 float16 numbers are the same, few at a time and all at once', (t) => {
  const bits = Uint16Array.from({ length: 2 ** 16 }, (_, i) => i);
  const all = float32Of(wide('float16', bits, [2 ** 16]));
  t.deepEqual(all, Float32Array.from(bits, float16ToNumber));
  t.deepEqual(float32Of(wide('float16', bits.slice(15000, 15010), [10])), all.slice(15000, 15010));
});

test('other floats become float32', (t) => {
  t.deepEqual(float32Of(wide('bfloat16', Uint16Array.of(0x3f80, 0xff80), [2])), Float32Array.of(1, -Infinity));
  t.deepEqual(float32Of(wide('float64', Float64Array.of(0.1, 1e300), [2])), Float32Array.of(0.1, Infinity));
  t.deepEqual(float32Of(wide('int8', Int8Array.of(-3, 4), [2])), Float32Array.of(-3, 4));
});

test('float32 elements at any address are read; where it is aligned without a copy', (t) => {
  const bytes = new Uint8Array(9);
  bytes.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 1);
  t.deepEqual(float32Of({ dataType: 'float32', shape: [2], bytes: bytes.subarray(1) }), Float32Array.of(1.5, -2));
  const floats = Float32Array.of(3, 4);
  t.is(float32Of(wide('float32', floats, [2])).buffer, floats.buffer);
});

test('the largest int64 is itself again, though numbers round it', (t) => {
  const most = new BigInt64Array([2n ** 63n - 1n, -(2n ** 63n), -1n]);
  const back = int64Tensor(numbersOf(wide('int64', most, [3])));
  t.deepEqual(new BigInt64Array(back.bytes.slice().buffer), most);
});

test('text has no numbers', (t) => {
  const text = { dataType: 'string', shape: [1], bytes: new Uint8Array(), texts: ['a'] } as const;
  t.is(t.throws(() => numbersOf(text), { instanceOf: EngineError })?.code, 'INTERNAL');
});

test('sizes in bytes', (t) => {
  t.is(sizeBytesOf('float16', [2, 3]), 12);
  t.is(sizeBytesOf('int64', []), 8);
});
