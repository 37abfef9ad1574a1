import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EngineError } from '../errors.js';
import type { DecodedImage, ImageLimits } from '../images/decoded-image.js';

/** How the files of a dataset are read. */
export interface FileReading {
  readonly limits: ImageLimits;
  /** Decodes a PNG or JPEG file, on whatever thread; throws `INVALID_IMAGE` where it cannot. */
  readonly decode: (file: Uint8Array) => Promise<DecodedImage>;
}

/** The error of a dataset that is not what it should be. */
export const invalidDataset = (expected: string, got: string, cause?: unknown): EngineError =>
  new EngineError('INVALID_DATASET', `expected ${expected}, got ${got}`, {}, { cause });

/** Order by code units: the same on every machine. */
export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/**
 * The bytes of a file. Pipes and devices are refused, which might never end.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when it is missing, unreadable, no file, or larger than `maxBytes`.
 */
export async function readDatasetFile(path: string, what: string, maxBytes: number): Promise<Uint8Array> {
  const expected = `${what} at ${path}`;
  // Without O_NONBLOCK, opening a pipe waits for somebody to write into it.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch((cause: unknown) => {
    throw invalidDataset(expected, gotInstead(cause), cause);
  });
  try {
    const { size, ...found } = await handle.stat().then((s) => ({ size: s.size, isFile: s.isFile() }));
    if (!found.isFile) throw invalidDataset(expected, 'something that is no file');
    if (size > maxBytes) throw invalidDataset(`${expected} of at most ${maxBytes} bytes`, `${size}`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/** `none` where there is nothing at a path, else the system's word. */
export function gotInstead(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR' ? 'none' : (code ?? String(cause));
}

/**
 * A decoded image file and its bytes.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when it cannot be read or decoded; the message names the file.
 */
export async function readImage(
  path: string,
  what: string,
  { limits, decode }: FileReading,
): Promise<{ readonly file: Uint8Array; readonly image: DecodedImage }> {
  const file = await readDatasetFile(path, what, limits.maxBytes);
  try {
    return { file, image: await decode(file) };
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw new EngineError('INVALID_DATASET', `${path}: ${cause.message}`, {}, { cause });
  }
}

/** @throws EngineError `INVALID_DATASET`. Thrown when a label has another size than its image; the message names both files. */
export function checkSameSize(
  image: Pick<DecodedImage, 'width' | 'height'>,
  imagePath: string,
  label: Pick<DecodedImage, 'width' | 'height'>,
  labelPath: string,
): void {
  if (image.width === label.width && image.height === label.height) return;
  const expected = `${image.width} × ${image.height} pixels in ${labelPath}, as in ${imagePath}`;
  throw invalidDataset(expected, `${label.width} × ${label.height}: nothing is resized`);
}

/** Names in a folder, without hidden ones, in order; symbolic links count as what they lead to. */
export interface FolderEntries {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

/** @throws EngineError `INVALID_DATASET`. Thrown when it is missing, unreadable or no folder. */
export async function listFolder(path: string, what: string): Promise<FolderEntries> {
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: unknown) => {
    throw invalidDataset(`${what} at ${path}`, gotInstead(cause), cause);
  });
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const kind = entry.isSymbolicLink() ? await stat(join(path, entry.name)).catch(() => undefined) : entry;
    // A link that leads nowhere is kept as a file, so that reading it says so.
    if (kind?.isDirectory()) folders.push(entry.name);
    else files.push(entry.name);
  }
  return { files: files.toSorted(byCodeUnits), folders: folders.toSorted(byCodeUnits) };
}

/**
 * Paths of all files below a folder, relative to it, with `/` between names.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when a folder cannot be read, or a link leads to a folder that it is in.
 */
export async function walkFiles(path: string, what: string, above: readonly string[] = []): Promise<readonly string[]> {
  const { files, folders } = await listFolder(path, what);
  const real = await realpath(path);
  if (above.includes(real)) throw invalidDataset(`folders that end below ${path}`, `a link back to ${real}`);
  const found = [...files];
  for (const folder of folders) {
    const below = await walkFiles(join(path, folder), what, [...above, real]);
    for (const file of below) found.push(`${folder}/${file}`);
  }
  return found;
}

/** What a folder has, for messages: at most 5 names. */
export function nameSome(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  return names.length > 5 ? `${names.slice(0, 5).join(', ')}, … (${names.length})` : names.join(', ');
}

/** The last name of a path, whatever separates its names. */
export const lastName = (path: string): string => basename(path.replace(/[\\/]+$/, '')) || path;

/**
 * The first of several paths at which there is something.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when there is nothing at any of them.
 */
export async function findFile(paths: readonly string[], what: string): Promise<string> {
  for (const path of paths) {
    const isThere = await stat(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  throw invalidDataset(`${what} at ${paths.join(' or ')}`, 'none');
}
