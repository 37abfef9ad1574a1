import type { Duplex } from 'node:stream';
import { type EncodedMessage, encodeMessage, FrameReader, frameHeader, MAX_FRAME_BYTES } from './frames.js';

/** A message on its way out. */
interface Outgoing {
  readonly number: number;
  readonly message: EncodedMessage;
  /** Piece that is being sent, and how much of it was. */
  piece: number;
  offset: number;
  sent: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export interface ChannelEvents {
  onMessage(value: unknown): void;
  /** The other end is gone, or sent what makes no sense. No message comes after it. */
  onClose(error: Error | undefined): void;
}

/**
 * Messages over a stream of bytes, both ways. A large message is sent in frames; between them those of other messages get their
 * turn, and urgent messages overtake all.
 */
export class Channel {
  readonly #stream: Duplex;
  readonly #events: ChannelEvents;
  readonly #urgent: Outgoing[] = [];
  readonly #ordinary: Outgoing[] = [];
  #nextNumber = 0;
  #isBlocked = false;
  #isClosed = false;

  constructor(stream: Duplex, events: ChannelEvents) {
    this.#stream = stream;
    this.#events = events;
    const reader = new FrameReader((value) => this.#events.onMessage(value));
    stream.on('data', (chunk: Uint8Array) => {
      try {
        if (!this.#isClosed) reader.push(chunk);
      } catch (error) {
        this.#close(error as Error);
      }
    });
    stream.on('drain', () => {
      this.#isBlocked = false;
      this.#flush();
    });
    stream.on('error', (error) => this.#close(error));
    stream.on('close', () => this.#close(undefined));
    stream.on('end', () => this.#close(undefined));
  }

  /**
   * Sends a value; resolves once the stream has taken all of it, so that whoever waits cannot fill the memory.
   *
   * @param isUrgent whether it overtakes what waits
   * @throws Error. Thrown when the channel is closed, or closes before the stream has taken it.
   */
  send(value: unknown, isUrgent = false): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(new Error('expected an open channel, got a closed one'));
        return;
      }
      const message = encodeMessage(value);
      const outgoing = { number: this.#nextNumber++ >>> 0, message, piece: 0, offset: 0, sent: 0, resolve, reject };
      (isUrgent ? this.#urgent : this.#ordinary).push(outgoing);
      this.#flush();
    });
  }

  close(): void {
    this.#close(undefined);
  }

  /** Writes frames for as long as the stream takes them: urgent messages first, others a frame each in turn. */
  #flush(): void {
    while (!this.#isBlocked && !this.#isClosed) {
      const queue = this.#urgent.length > 0 ? this.#urgent : this.#ordinary;
      const outgoing = queue.shift();
      if (outgoing === undefined) return;
      this.#isBlocked = !this.#writeFrame(outgoing);
      if (outgoing.sent === outgoing.message.sizeBytes) outgoing.resolve();
      else queue.push(outgoing);
    }
  }

  /** Writes the next frame of a message; whether the stream would take more. */
  #writeFrame(outgoing: Outgoing): boolean {
    const { number, message } = outgoing;
    const size = Math.min(MAX_FRAME_BYTES, message.sizeBytes - outgoing.sent);
    this.#stream.cork();
    let mayWrite = this.#stream.write(frameHeader(size, number, message.sizeBytes));
    let left = size;
    while (left > 0) {
      const piece = message.pieces[outgoing.piece] as Uint8Array;
      const part = piece.subarray(outgoing.offset, outgoing.offset + left);
      if (part.length > 0) mayWrite = this.#stream.write(part);
      left -= part.length;
      outgoing.offset += part.length;
      if (outgoing.offset === piece.length) {
        outgoing.piece++;
        outgoing.offset = 0;
      }
    }
    outgoing.sent += size;
    this.#stream.uncork();
    return mayWrite;
  }

  #close(error: Error | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stream.destroy();
    const reason = error ?? new Error('expected an open channel, but the other end closed it');
    for (const { reject } of [...this.#urgent.splice(0), ...this.#ordinary.splice(0)]) reject(reason);
    this.#events.onClose(error);
  }
}
