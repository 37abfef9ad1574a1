import test from 'ava';
import type { InferTensorContents } from '../../../src/contract/inference/open_inference.js';
import type { DataType } from '../../../src/engine/index.js';
import { readRaw, readTyped, writeRaw, writeTyped } from '../../../src/host/open-inference/contents.js';
import { datatypeNamed, datatypeOf, emptyContents } from '../../../src/host/open-inference/datatypes.js';

/** Two elements of each type: typed, and as the bytes that they are, little-endian. */
const SAMPLES: readonly [name: string, typed: Partial<InferTensorContents> | undefined, hex: string][] = [
  ['BOOL', { boolContents: [true, false] }, '0100'],
  ['UINT8', { uintContents: [0, 255] }, '00ff'],
  ['UINT16', { uintContents: [258, 65_535] }, '0201ffff'],
  ['UINT32', { uintContents: [1, 2 ** 32 - 1] }, '01000000ffffffff'],
  ['UINT64', { uint64Contents: [1n, 2n ** 64n - 1n] }, '0100000000000000ffffffffffffffff'],
  ['INT8', { intContents: [-128, 127] }, '807f'],
  ['INT16', { intContents: [-2, 258] }, 'feff0201'],
  ['INT32', { intContents: [-1, 2 ** 31 - 1] }, 'ffffffffffffff7f'],
  ['INT64', { int64Contents: [-1n, 2n ** 53n + 1n] }, 'ffffffffffffffff0100000000002000'],
  ['FP16', undefined, '003c00c0'],
  ['BF16', undefined, '803f00c0'],
  ['FP32', { fp32Contents: [1, -2.5] }, '0000803f000020c0'],
  ['FP64', { fp64Contents: [0.1, -1] }, '9a9999999999b93f000000000000f0bf'],
  ['BYTES', { bytesContents: [Buffer.from('a'), Buffer.from('ü')] }, '010000006102000000c3bc'],
];

const typeOf = (name: string) => {
  const type = datatypeNamed(name);
  if (type === undefined) throw new Error(`expected a type, got ${name}`);
  return type;
};

for (const [name, typed, hex] of SAMPLES) {
  test(`${name}: raw bytes and typed contents are the same elements, and come back as they went`, (t) => {
    const type = typeOf(name);
    const raw = readRaw(Buffer.from(hex, 'hex'), type, 2);
    if ('problem' in raw) return t.fail(raw.problem);
    const tensor = { dataType: type.dataType, shape: [2], data: raw.data };
    t.is(Buffer.from(writeRaw(tensor)).toString('hex'), hex);
    if (typed === undefined) {
      t.is(writeTyped(tensor, type), undefined);
      t.true('problem' in readTyped(emptyContents(), type, 2));
      return;
    }
    const contents = { ...emptyContents(), ...typed };
    const read = readTyped(contents, type, 2);
    if ('problem' in read) return t.fail(read.problem);
    t.is(Buffer.from(writeRaw({ ...tensor, data: read.data })).toString('hex'), hex);
    const written = writeTyped(tensor, type);
    t.deepEqual(
      { ...written, bytesContents: (written?.bytesContents ?? []).map((each) => Buffer.from(each)) },
      contents,
    );
  });

  test(`${name}: too few and too many elements are refused`, (t) => {
    const type = typeOf(name);
    const bytes = Buffer.from(hex, 'hex');
    for (const count of [1, 3]) t.true('problem' in readRaw(bytes, type, count), `${count} raw`);
    t.true('problem' in readRaw(bytes.subarray(0, -1), type, 2), 'a byte short');
    if (typed === undefined) return;
    for (const count of [1, 3]) t.true('problem' in readTyped({ ...emptyContents(), ...typed }, type, count));
  });
}

for (const [name, values] of [
  ['UINT8', [256]],
  ['INT8', [128]],
  ['INT16', [-32_769]],
] as const) {
  test(`${name}: a number out of its range is refused, not wrapped`, (t) => {
    const contents = { ...emptyContents(), intContents: [...values], uintContents: values.map(Math.abs) };
    const read = readTyped(contents, typeOf(name), 1);
    t.regex('problem' in read ? read.problem : '', /expected U?INT\d+ of .* got/);
  });
}

test('text that is not UTF-8, and a length that goes beyond the bytes, are refused', (t) => {
  const type = typeOf('BYTES');
  t.true('problem' in readRaw(Buffer.from('01000000ff', 'hex'), type, 1));
  t.true('problem' in readRaw(Buffer.from('ffffffff61', 'hex'), type, 1));
  t.true('problem' in readTyped({ ...emptyContents(), bytesContents: [Buffer.from('ff', 'hex')] }, type, 1));
});

test('every type of the engine has one of the protocol', (t) => {
  const types: readonly DataType[] = ['float32', 'string', 'bfloat16', 'bool', 'uint64'];
  t.deepEqual(
    types.map((type) => datatypeOf(type).name),
    ['FP32', 'BYTES', 'BF16', 'BOOL', 'UINT64'],
  );
});
