import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writes a file whole: it appears under its name once all of it is there. Folders are made. */
export async function writeWhole(path: string, data: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${randomUUID()}.tmp`;
  try {
    await writeFile(unfinished, data);
    await rename(unfinished, path);
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** A file name for a key of an example: without its image extension, and without what file systems do not take. */
export const fileNameOf = (key: string): string =>
  key
    .replace(/\.(png|jpe?g|npy)$/i, '')
    .replaceAll(/[^A-Za-z0-9._-]+/g, '_')
    .replace(/^\.+/, '_') || '_';
