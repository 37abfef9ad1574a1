import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../../engine/index.js';
import { syncFolder, writeDurably } from './durable-file.js';

/** Names that a version's folder may have. */
const VERSION = /^[1-9][0-9]{0,8}$/;

/** The versions of a model, the smallest first; none where there is no such folder. */
export async function versionsOf(folder: string): Promise<readonly number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => VERSION.test(name))
    .map(Number)
    .toSorted((a, b) => a - b);
}

/** A version to write. */
export interface NewVersion {
  readonly version: number;
  /** Text of `model.yaml`, which all versions share. */
  readonly configText: string;
  /** Bytes of `model.onnx`. */
  readonly file: Uint8Array;
}

/**
 * Adds a version to a model repository: `model.yaml` where there is none, and the version's folder, which appears whole or not at
 * all. What is there already is not touched; the same version with the same bytes is there already.
 *
 * @param folder of the model
 * @returns path of `model.onnx`
 * @throws EngineError `INVALID_OPTION`. Thrown when there is another `model.yaml`, or another file of that version.
 */
export async function publishVersion(folder: string, { version, configText, file }: NewVersion): Promise<string> {
  const configPath = join(folder, 'model.yaml');
  const known = await readIfThere(configPath);
  if (known !== undefined && known.toString() !== configText) {
    const text = `expected ${configPath}, which the other versions have too, to say what the model's own does, got another text`;
    throw new EngineError('INVALID_OPTION', text);
  }
  const target = join(folder, `${version}`);
  const path = join(target, 'model.onnx');
  const earlier = await readIfThere(path);
  if (earlier !== undefined) {
    if (earlier.equals(file)) return path;
    throw new EngineError('INVALID_OPTION', `expected no version ${version} in ${folder}, got one with another file`);
  }
  await mkdir(folder, { recursive: true });
  const unfinished = join(folder, `.${version}.${randomUUID()}.tmp`);
  try {
    await writeDurably(join(unfinished, 'model.onnx'), [file]);
    if (known === undefined) await writeDurably(configPath, [configText]);
    await rename(unfinished, target);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  await syncFolder(folder);
  return path;
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  return await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
