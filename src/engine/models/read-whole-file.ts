import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { EngineError } from '../errors.js';

/** Bytes of one read: the system reads no more than 2 GiB at once. */
const CHUNK_BYTES = 2 ** 27;

/**
 * The bytes of a file. Pipes and devices are refused, which might never end.
 *
 * @param label what messages call it
 * @throws EngineError `INVALID_MODEL`. Thrown when it is missing, unreadable, no file, or larger than `maxBytes`.
 */
export async function readWholeFile(path: string, label: string, maxBytes: number): Promise<Uint8Array> {
  // Without O_NONBLOCK, opening a pipe waits for somebody to write into it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: NodeJS.ErrnoException) => {
    throw invalid(`a file for ${label}`, cause.code === 'ENOENT' ? 'none' : String(cause.code), cause);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw invalid(`a file for ${label}`, 'something else');
    if (stat.size > maxBytes) throw invalid(`at most ${maxBytes} bytes for ${label}`, `${stat.size}`);
    const bytes = new Uint8Array(stat.size);
    for (let offset = 0; offset < bytes.length; ) {
      const length = Math.min(CHUNK_BYTES, bytes.length - offset);
      const { bytesRead } = await handle.read(bytes, offset, length, offset);
      if (bytesRead === 0)
        throw invalid(`${bytes.length} bytes for ${label}`, `${offset}: it was cut while it was read`);
      offset += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

const invalid = (expected: string, got: string, cause?: unknown): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`, {}, { cause });
