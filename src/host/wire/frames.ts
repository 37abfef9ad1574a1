import { PART_ALIGNMENT, type Packed, pack, unpack } from './pack.js';

/** What both ends must agree on; goes up with every change of frames or messages. */
const WIRE_VERSION = 2;

/** Most bytes of a message in one frame, so that a small message never waits long behind a large one. */
export const MAX_FRAME_BYTES = 2 ** 20;

/** Largest message that is taken: the largest model file and some. */
const MAX_MESSAGE_BYTES = 2 ** 32 - 1;

/** Length of the frame's payload, number of the message, size of the whole message, version: four numbers of 32 bits. */
const HEADER_BYTES = 16;

/** A message as pieces that follow each other, none of them copied. */
export interface EncodedMessage {
  readonly pieces: readonly Uint8Array[];
  readonly sizeBytes: number;
}

const padding = (size: number): number => (PART_ALIGNMENT - (size % PART_ALIGNMENT)) % PART_ALIGNMENT;

/**
 * A value as a message: the number of parts and their sizes, the size of the JSON text, the text, the parts, each part padded
 * to where a typed array may begin.
 */
export function encodeMessage(value: unknown): EncodedMessage {
  const { json, parts } = pack(value);
  const text = Buffer.from(json, 'utf8');
  const head = Buffer.alloc(8 + 4 * parts.length);
  head.writeUInt32LE(parts.length, 0);
  head.writeUInt32LE(text.length, 4);
  for (const [i, part] of parts.entries()) head.writeUInt32LE(part.length, 8 + 4 * i);
  const pieces: Uint8Array[] = [head, text];
  let sizeBytes = head.length + text.length;
  for (const part of parts) {
    const gap = padding(sizeBytes);
    if (gap > 0) pieces.push(new Uint8Array(gap));
    pieces.push(part);
    sizeBytes += gap + part.length;
  }
  return { pieces, sizeBytes };
}

/** The value of a whole message, whose bytes it keeps. */
export function decodeMessage(bytes: Uint8Array): unknown {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [count, textLength] = [view.readUInt32LE(0), view.readUInt32LE(4)];
  const sizes = Array.from({ length: count }, (_, i) => view.readUInt32LE(8 + 4 * i));
  let offset = 8 + 4 * count;
  const json = view.toString('utf8', offset, offset + textLength);
  offset += textLength;
  const parts = sizes.map((size) => {
    offset += padding(offset);
    const part = bytes.subarray(offset, offset + size);
    if (part.length !== size) throw new RangeError(`expected a part of ${size} bytes, got ${part.length}`);
    offset += size;
    return part;
  });
  const packed: Packed = { json, parts };
  return unpack(packed);
}

export function frameHeader(payloadBytes: number, messageNumber: number, messageBytes: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(payloadBytes, 0);
  header.writeUInt32LE(messageNumber, 4);
  header.writeUInt32LE(messageBytes, 8);
  header.writeUInt32LE(WIRE_VERSION, 12);
  return header;
}

/** Bytes of a message that is still coming. */
interface Partial {
  readonly bytes: Uint8Array;
  received: number;
}

/** Puts messages together from frames, however the bytes of the stream are cut. */
export class FrameReader {
  readonly #onMessage: (value: unknown) => void;
  readonly #partials = new Map<number, Partial>();
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerReceived = 0;
  #payloadLeft = 0;
  #current: { number: number; partial: Partial } | undefined;

  constructor(onMessage: (value: unknown) => void) {
    this.#onMessage = onMessage;
  }

  /** @throws Error. Thrown when the bytes are no frames of this version. */
  push(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.length) {
      offset += this.#current === undefined ? this.#takeHeader(chunk, offset) : this.#takePayload(chunk, offset);
    }
  }

  #takeHeader(chunk: Uint8Array, offset: number): number {
    const taken = Math.min(HEADER_BYTES - this.#headerReceived, chunk.length - offset);
    this.#header.set(chunk.subarray(offset, offset + taken), this.#headerReceived);
    this.#headerReceived += taken;
    if (this.#headerReceived === HEADER_BYTES) this.#beginFrame();
    return taken;
  }

  #beginFrame(): void {
    this.#headerReceived = 0;
    const [payload, number, total, version] = [0, 4, 8, 12].map((at) => this.#header.readUInt32LE(at)) as [
      number,
      number,
      number,
      number,
    ];
    if (version !== WIRE_VERSION) throw new Error(`expected frames of version ${WIRE_VERSION}, got ${version}`);
    if (payload === 0 || payload > MAX_FRAME_BYTES || total > MAX_MESSAGE_BYTES) {
      throw new Error(`expected a frame of 1 … ${MAX_FRAME_BYTES} bytes, got ${payload} of ${total}`);
    }
    const partial = this.#partials.get(number) ?? { bytes: new Uint8Array(total), received: 0 };
    if (partial.bytes.length !== total || partial.received + payload > total) {
      throw new Error(`expected frames that make a message of ${partial.bytes.length} bytes, got others`);
    }
    this.#partials.set(number, partial);
    this.#current = { number, partial };
    this.#payloadLeft = payload;
  }

  #takePayload(chunk: Uint8Array, offset: number): number {
    const { number, partial } = this.#current as { number: number; partial: Partial };
    const taken = Math.min(this.#payloadLeft, chunk.length - offset);
    partial.bytes.set(chunk.subarray(offset, offset + taken), partial.received);
    partial.received += taken;
    this.#payloadLeft -= taken;
    if (this.#payloadLeft === 0) {
      this.#current = undefined;
      if (partial.received === partial.bytes.length) {
        this.#partials.delete(number);
        this.#onMessage(decodeMessage(partial.bytes));
      }
    }
    return taken;
  }
}
