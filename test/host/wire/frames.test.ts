import test from 'ava';
import fc from 'fast-check';
import {
  decodeMessage,
  encodeMessage,
  FrameReader,
  frameHeader,
  MAX_FRAME_BYTES,
} from '../../../src/host/wire/frames.js';

const bytesOf = (value: unknown): Uint8Array => Buffer.concat(encodeMessage(value).pieces);
const roundTrip = (value: unknown): unknown => decodeMessage(new Uint8Array(bytesOf(value)));

/** Frames of a message whose payloads have at most `size` bytes. */
function framesOf(value: unknown, number: number, size: number): Buffer[] {
  const bytes = bytesOf(value);
  const frames: Buffer[] = [];
  for (let offset = 0; offset < bytes.length; offset += size) {
    const payload = bytes.subarray(offset, offset + size);
    frames.push(Buffer.concat([frameHeader(payload.length, number, bytes.length), payload]));
  }
  return frames;
}

test('values of every kind come out as they went in', (t) => {
  const value = {
    text: 'größer',
    numbers: [0, -1.5, Infinity, -Infinity],
    nothing: null,
    flag: true,
    floats: Float32Array.of(1.5, NaN, -0),
    bytes: Uint8Array.of(1, 2, 3),
    wide: BigInt64Array.of(-1n, 2n ** 60n),
    map: new Map<string, unknown>([
      ['a', { b: Int32Array.of(7) }],
      ['c', new Map()],
    ]),
    empty: new Float64Array(),
  };
  t.deepEqual(roundTrip(value), value);
  t.true(Number.isNaN((roundTrip({ x: NaN }) as { x: number }).x));
  t.deepEqual(roundTrip({ left: undefined, b: 1 }), { b: 1 });
});

test('typed arrays come out as views of the message, not as copies', (t) => {
  const bytes = new Uint8Array(bytesOf([Uint8Array.of(1), Float64Array.of(1, 2)]));
  const [small, large] = decodeMessage(bytes) as [Uint8Array, Float64Array];
  t.is(small.buffer, bytes.buffer);
  t.is(large.buffer, bytes.buffer);
  t.deepEqual([...large], [1, 2]);
});

test('messages survive however the stream is cut and frames of several are mixed', (t) => {
  const property = fc.property(
    fc.array(fc.record({ text: fc.string(), data: fc.uint8Array({ maxLength: 300 }) }), { minLength: 1, maxLength: 4 }),
    fc.integer({ min: 1, max: 200 }),
    fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1 }),
    (messages, frameSize, cuts) => {
      const queues = messages.map((message, number) => framesOf(message, number, frameSize));
      const mixed: Buffer[] = [];
      while (queues.some((queue) => queue.length > 0)) for (const queue of queues) mixed.push(...queue.splice(0, 1));
      const stream = Buffer.concat(mixed);
      const received: unknown[] = [];
      const reader = new FrameReader((value) => received.push(value));
      for (let offset = 0, i = 0; offset < stream.length; i++) {
        const cut = cuts[i % cuts.length] as number;
        reader.push(stream.subarray(offset, offset + cut));
        offset += cut;
      }
      const sorted = (list: readonly unknown[]): string[] => list.map((value) => JSON.stringify(value)).toSorted();
      return JSON.stringify(sorted(received)) === JSON.stringify(sorted(messages));
    },
  );
  t.notThrows(() => fc.assert(property, { numRuns: 60, seed: 1 }));
});

const refused: readonly (readonly [what: string, header: Buffer, message: RegExp])[] = [
  ['another version', Buffer.from(Uint32Array.of(1, 0, 1, 99).buffer), /expected frames of version 2, got 99/],
  ['an empty frame', frameHeader(0, 0, 5), /expected a frame of 1 … 1048576 bytes, got 0 of 5/],
  ['a frame that is too long', frameHeader(MAX_FRAME_BYTES + 1, 0, MAX_FRAME_BYTES + 1), /got 1048577/],
  ['more than the message has', frameHeader(6, 0, 5), /expected frames that make a message of 5 bytes/],
];
for (const [what, header, message] of refused) {
  test(`${what} is refused`, (t) => {
    t.throws(() => new FrameReader(() => undefined).push(header), { message });
  });
}
