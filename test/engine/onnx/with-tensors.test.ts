import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import test from 'ava';
import { decodeModel } from '../../../src/engine/onnx/decode-model.js';
import { withTensors } from '../../../src/engine/onnx/with-tensors.js';

/** A field of bytes. */
const field = (number: number, payload: Uint8Array | string): Uint8Array => {
  const writer = new BinaryWriter().tag(number, WireType.LengthDelimited);
  return (typeof payload === 'string' ? writer.string(payload) : writer.bytes(payload)).finish();
};
const joined = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const whole = (number: number, value: number): Uint8Array =>
  new BinaryWriter().tag(number, WireType.Varint).int64(value).finish();
const floatsOf = (...values: readonly number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);

/** A graph with a node, the tensor `w` of two numbers, and something that no decoder of ours knows. */
const fileOf = (elements: Uint8Array): Uint8Array => {
  const tensor = joined(whole(1, 2), whole(2, 1), elements, field(8, 'w'), field(12, 'a note'));
  const node = joined(field(1, 'w'), field(2, 'y'), field(4, 'Relu'));
  const graph = joined(field(1, node), field(5, tensor), field(14, 'unknown'));
  return joined(whole(1, 8), field(7, graph), field(8, whole(2, 18)), field(14, 'metadata'));
};

const replaced = new Map([['w', Float32Array.of(3, 4)]]);
const RAW = 9;
const FLOATS = 4;

test('elements are replaced, and all else stays byte for byte', (t) => {
  t.deepEqual(withTensors(fileOf(field(RAW, floatsOf(1, 2))), new Map()), fileOf(field(RAW, floatsOf(1, 2))));
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  const changed = withTensors(fileOf(field(RAW, floatsOf(1, 2))), replaced);
  for (const kept of ['a note', 'unknown', 'metadata']) t.true(text(changed).includes(kept), kept);
  t.is(changed.length, fileOf(field(RAW, floatsOf(1, 2))).length);
});

for (const [where, elements] of [
  ['as bytes', field(RAW, floatsOf(1, 2))],
  ['as numbers', field(FLOATS, floatsOf(1, 2))],
  ['beside the file', joined(field(13, joined(field(1, 'location'), field(2, 'weights'))), whole(14, 1))],
] as const) {
  test(`elements that lay ${where} are found where they were put`, (t) => {
    const { graph } = decodeModel(withTensors(fileOf(elements), replaced), () => {
      throw new Error('expected nothing beside the file');
    });
    t.deepEqual(graph.initializers.get('w')?.bytes, floatsOf(3, 4));
    // In one place only: readers differ in which they take.
    t.is(withTensors(fileOf(elements), replaced).length, fileOf(field(RAW, floatsOf(1, 2))).length);
  });
}

test('what lay beside the file lies in it, also where it stays as it is', (t) => {
  const external = joined(field(13, joined(field(1, 'location'), field(2, 'weights'))), whole(14, 1));
  const changed = withTensors(fileOf(external), new Map(), new Map([['w', { bytes: floatsOf(5, 6) }]]));
  const { graph } = decodeModel(changed, () => {
    throw new Error('expected nothing beside the file');
  });
  t.deepEqual(graph.initializers.get('w')?.bytes, floatsOf(5, 6));
});
