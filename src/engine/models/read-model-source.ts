import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { EngineError } from '../errors.js';
import type { ExternalLocation } from '../onnx/decode-tensor.js';
import { externalLocations } from '../onnx/external-locations.js';
import { isRemoteConfig } from './model-config.js';
import type { ModelSource } from './model-source.js';
import { describePlace, endOf } from './onnx/external-files.js';
import { readWholeFile } from './read-whole-file.js';

/** Most bytes that are read of a model. */
export interface ModelSizeLimits {
  readonly configBytes: number;
  /** Of `model.onnx`, and of each file beside it: at most 2³¹ − 1. */
  readonly fileBytes: number;
  /** Of all of them. */
  readonly totalBytes: number;
}

export const MODEL_SIZE_LIMITS: ModelSizeLimits = {
  configBytes: 2 ** 20,
  fileBytes: 2 ** 31 - 1,
  totalBytes: 2 ** 34,
};

/**
 * Reads a version of a model: `model.yaml`, `<version>/model.onnx`, and the files below that version's folder in which it
 * keeps tensors; of a remote model there is only the first. Where they point outside of that folder, also by a symbolic link, they are refused.
 *
 * @param folder of the model; its last part is the model's name
 * @param version name of the version's folder: digits
 * @throws EngineError `INVALID_MODEL`. Thrown when a file is missing, too short, too large, elsewhere, or no ONNX model.
 */
export async function readModelSource(
  folder: string,
  version: string,
  limits: ModelSizeLimits = MODEL_SIZE_LIMITS,
): Promise<ModelSource> {
  if (!/^\d{1,15}$/.test(version)) throw invalid('a version of 1 to 15 digits', `"${version}"`);
  const name = basename(resolve(folder));
  const config = await readWholeFile(join(folder, 'model.yaml'), `${name}/model.yaml`, limits.configBytes);
  const configText = new TextDecoder().decode(config);
  if (isRemoteConfig(configText)) {
    return { name, version, configText, file: new Uint8Array(), externalFiles: new Map(), sha256: sha256Of([config]) };
  }
  const path = join(folder, version, 'model.onnx');
  const model = await readModelFile(path, limits, `${name}/${version}/model.onnx`);
  return { name, version, configText, ...model };
}

/** What a `.onnx` file is, wherever it lies. */
export type ModelFile = Pick<ModelSource, 'file' | 'externalFiles' | 'sha256'>;

/**
 * Reads a `.onnx` file and the files below its folder in which it keeps tensors.
 *
 * @param title what errors call it
 * @throws EngineError `INVALID_MODEL`. Thrown as by `readModelSource`.
 */
export async function readModelFile(
  path: string,
  limits: ModelSizeLimits = MODEL_SIZE_LIMITS,
  title: string = path,
): Promise<ModelFile> {
  const file = await readWholeFile(path, title, limits.fileBytes);
  const budget = { fileBytes: limits.fileBytes, restBytes: limits.totalBytes - file.length };
  if (budget.restBytes < 0) throw invalid(`a model of at most ${limits.totalBytes} bytes`, `${file.length}`);
  const externalFiles = await readExternalFiles(await realpath(dirname(path)), externalLocations(file), budget);
  const external = [...externalFiles].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, bytes]) => bytes);
  return { file, externalFiles, sha256: sha256Of([file, ...external]) };
}

interface ReadBudget {
  readonly fileBytes: number;
  readonly restBytes: number;
}

async function readExternalFiles(
  folder: string,
  places: readonly ExternalLocation[],
  { fileBytes, restBytes }: ReadBudget,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  /** The same file may be named in several ways. */
  const byPath = new Map<string, Uint8Array>();
  let rest = restBytes;
  for (const place of places) {
    let bytes = files.get(place.location);
    if (bytes === undefined) {
      const path = await pathWithin(folder, place);
      bytes = byPath.get(path) ?? (await readWholeFile(path, describePlace(place), Math.min(fileBytes, rest)));
      if (!byPath.has(path)) rest -= bytes.length;
      byPath.set(path, bytes);
      files.set(place.location, bytes);
    }
    endOf(place, bytes.length);
  }
  return files;
}

/** Where the file of a tensor really is. */
async function pathWithin(folder: string, place: ExternalLocation): Promise<string> {
  const { location } = place;
  const isOutside = isAbsolute(location) || location.includes('\0') || location.split(/[/\\]/).includes('..');
  if (isOutside) throw invalid(`a place in the model's own folder for ${describePlace(place)}`, 'one outside');
  const path = await realpath(join(folder, location)).catch((cause: NodeJS.ErrnoException) => {
    throw invalid(`a file for ${describePlace(place)}`, cause.code === 'ENOENT' ? 'none' : String(cause.code), cause);
  });
  if (!path.startsWith(folder + sep)) {
    throw invalid(`a place in the model's own folder for ${describePlace(place)}`, 'a link that leaves it');
  }
  return path;
}

function sha256Of(parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

const invalid = (expected: string, got: string, cause?: unknown): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`, {}, { cause });
