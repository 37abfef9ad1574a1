import test from 'ava';
import type { InferTensorContents } from '../../../src/contract/inference/open_inference.js';
import { readAnswer, signatureOf, writeRequest } from '../../../src/host/remote/messages.js';

const none: InferTensorContents = {
  boolContents: [],
  intContents: [],
  int64Contents: [],
  uintContents: [],
  uint64Contents: [],
  fp32Contents: [],
  fp64Contents: [],
  bytesContents: [],
};
const answer = (datatype: string, shape: bigint[], contents: InferTensorContents | undefined, raw: Buffer[] = []) =>
  readAnswer({
    modelName: 'm',
    modelVersion: '1',
    id: '',
    parameters: {},
    outputs: [{ name: 'y', datatype, shape, parameters: {}, contents }],
    rawOutputContents: raw,
  }).get('y');

test('a request names its tensors and carries them raw, in the same order', (t) => {
  const data = new Uint8Array(Float32Array.of(1, -2).buffer);
  const feeds = new Map([
    ['x', { dataType: 'float32' as const, shape: [1, 2], data }],
    ['s', { dataType: 'string' as const, shape: [2], data: ['a', 'é'] }],
  ]);
  const request = writeRequest('model', '4', feeds, ['y']);
  t.deepEqual(
    request.inputs.map(({ name, datatype, shape }) => [name, datatype, shape]),
    [
      ['x', 'FP32', [1n, 2n]],
      ['s', 'BYTES', [2n]],
    ],
  );
  t.deepEqual(
    [request.modelName, request.modelVersion, request.outputs.map(({ name }) => name)],
    ['model', '4', ['y']],
  );
  t.deepEqual(request.rawInputContents, [Buffer.from(data), Buffer.from([1, 0, 0, 0, 0x61, 2, 0, 0, 0, 0xc3, 0xa9])]);
});

const typed: readonly (readonly [
  datatype: string,
  contents: Partial<InferTensorContents>,
  bytes: readonly number[],
])[] = [
  ['BOOL', { boolContents: [true, false] }, [1, 0]],
  ['UINT8', { uintContents: [1, 255] }, [1, 255]],
  ['UINT16', { uintContents: [1, 65535] }, [1, 0, 255, 255]],
  ['UINT32', { uintContents: [1, 2] }, [1, 0, 0, 0, 2, 0, 0, 0]],
  ['UINT64', { uint64Contents: [1n, 2n] }, [1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]],
  ['INT8', { intContents: [1, -1] }, [1, 255]],
  ['INT16', { intContents: [1, -1] }, [1, 0, 255, 255]],
  ['INT32', { intContents: [1, -1] }, [1, 0, 0, 0, 255, 255, 255, 255]],
  ['INT64', { int64Contents: [1n, -1n] }, [1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]],
  ['FP32', { fp32Contents: [1, -2] }, [0, 0, 128, 63, 0, 0, 0, 192]],
  ['FP64', { fp64Contents: [1, -2] }, [0, 0, 0, 0, 0, 0, 240, 63, 0, 0, 0, 0, 0, 0, 0, 192]],
];
for (const [datatype, contents, bytes] of typed) {
  test(`an answer of ${datatype} is the same raw and typed`, (t) => {
    t.deepEqual([...(answer(datatype, [1n, 2n], { ...none, ...contents })?.data ?? [])], [...bytes]);
    t.deepEqual([...(answer(datatype, [1n, 2n], undefined, [Buffer.from(bytes)])?.data ?? [])], [...bytes]);
  });
}

test('texts are read behind their lengths', (t) => {
  const raw = Buffer.from([1, 0, 0, 0, 0x61, 2, 0, 0, 0, 0xc3, 0xa9]);
  t.deepEqual(answer('BYTES', [2n], undefined, [raw])?.data, ['a', 'é']);
});

test('an answer that makes no tensor is refused', (t) => {
  const refused = (f: () => unknown, message: RegExp) => t.throws(f, { code: 'MODEL_CHANGED', message });
  refused(() => answer('FP32', [1n, 2n], undefined), /expected contents of y.*got none/);
  refused(
    () => answer('FP32', [1n, 2n], { ...none, fp32Contents: [1] }),
    /expected 2 elements of FP32, got 1 for y in the answer of the remote/,
  );
  refused(() => answer('FP16', [1n, 2n], none), /expected FP16 in raw contents.* for y/);
  refused(() => answer('FP32', [2n], undefined, [Buffer.alloc(4)]), /expected 8 bytes for 2 × FP32, got 4 for y/);
  refused(() => answer('UINT8', [1n], { ...none, uintContents: [256] }), /expected UINT8 of 0 … 255, got 256 for y/);
  refused(() => answer('BYTES', [1n], undefined, [Buffer.from([9, 0])]), /cut off at byte 0 for y/);
  refused(() => answer('FP8', [1n], undefined, [Buffer.from([1])]), /expected a known type for y.*got FP8/);
});

test('a declared axis of any length is −1, and a type that is none is refused', (t) => {
  t.deepEqual(signatureOf({ name: 'x', datatype: 'UINT8', shape: [-1n, 3n] }), {
    name: 'x',
    dataType: 'uint8',
    shape: [-1, 3],
  });
  t.throws(() => signatureOf({ name: 'x', datatype: 'FP8', shape: [1n] }), {
    code: 'INVALID_MODEL',
    message: /got FP8/,
  });
});
