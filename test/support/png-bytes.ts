import { crc32, deflateSync } from 'node:zlib';

/** What a PNG file is made of, by hand: also what our encoder never writes. */
export interface PngParts {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: number;
  readonly colorType: number;
  /** Samples per pixel in the file. */
  readonly channels: number;
  /** Interleaved samples, or indices. */
  readonly samples: readonly number[];
  readonly palette?: readonly number[];
  readonly interlace?: number;
  /** Filter of row r, counted over all passes. Default: 0. */
  readonly filterOf?: (row: number) => number;
  /** Chunks before the image data. */
  readonly extra?: readonly Buffer[];
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

export function pngChunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(4);
  frame.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([frame, body, check]);
}

export function pngHeader(parts: Omit<PngParts, 'samples' | 'channels'>): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(parts.width, 0);
  header.writeUInt32BE(parts.height, 4);
  header.set([parts.bitDepth, parts.colorType, 0, 0, parts.interlace ?? 0], 8);
  return pngChunk('IHDR', header);
}

/** A PNG file of the chunks after the signature. */
export const pngFile = (...chunks: readonly Buffer[]): Buffer =>
  Buffer.concat([SIGNATURE, ...chunks, pngChunk('IEND', Buffer.alloc(0))]);

/** The whole file, with the image data cut into two chunks. */
export function pngBytes(parts: PngParts): Buffer {
  const data = deflateSync(pngRows(parts));
  const palette = parts.palette === undefined ? [] : [pngChunk('PLTE', Uint8Array.from(parts.palette))];
  const half = Math.floor(data.length / 2);
  return pngFile(
    pngHeader(parts),
    ...palette,
    ...(parts.extra ?? []),
    pngChunk('IDAT', data.subarray(0, half)),
    pngChunk('IDAT', data.subarray(half)),
  );
}

const ADAM7 = ['0088', '4088', '0448', '2044', '0224', '1022', '0112'].map((text) => [...text].map(Number));

/** The filtered rows, before compression. */
export function pngRows(parts: PngParts): Buffer {
  const { width, height, bitDepth, channels, samples } = parts;
  const rows: Buffer[] = [];
  for (const [x0 = 0, y0 = 0, dx = 1, dy = 1] of parts.interlace === 1 ? ADAM7 : [[0, 0, 1, 1]]) {
    let above: Buffer | undefined;
    for (let y = y0; y < height; y += dy) {
      const values: number[] = [];
      for (let x = x0; x < width; x += dx) {
        for (let c = 0; c < channels; c++) values.push(samples[(y * width + x) * channels + c] as number);
      }
      if (values.length === 0) continue;
      const row = pack(values, bitDepth);
      const filter = parts.filterOf?.(rows.length) ?? 0;
      rows.push(filterByHand(filter, row, above ?? Buffer.alloc(row.length), Math.max(1, (bitDepth * channels) / 8)));
      above = row;
    }
  }
  return Buffer.concat(rows);
}

function pack(values: readonly number[], bitDepth: number): Buffer {
  const bits = values.map((value) => value.toString(2).padStart(bitDepth, '0')).join('');
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0');
  return Buffer.from((padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

function filterByHand(filter: number, row: Buffer, above: Buffer, pixelBytes: number): Buffer {
  const bytes = [...row].map((value, i) => {
    const a = row[i - pixelBytes] ?? 0;
    const b = above[i] ?? 0;
    const c = above[i - pixelBytes] ?? 0;
    const p = a + b - c;
    const nearest = [a, b, c].reduce((best, next) => (Math.abs(p - next) < Math.abs(p - best) ? next : best));
    return value - ([0, a, b, Math.floor((a + b) / 2), nearest][filter] ?? 0);
  });
  return Buffer.from([filter, ...bytes.map((value) => value & 255)]);
}

/** Whole numbers 0 … 2^bits − 1 that look random and are always the same. */
export const noise = (count: number, bits: number): number[] =>
  Array.from({ length: count }, (_, i) => {
    const mixed = Math.imul(i + 1, 0x9e3779b1);
    return Math.imul(mixed ^ (mixed >>> 15), 0x85ebca77) >>> (32 - bits);
  });
