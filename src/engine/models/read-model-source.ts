import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';
import { EngineError } from '../errors.js';
import { externalLocations } from '../onnx/external-locations.js';
import { engineOf } from './model-config.js';
import type { ModelSource } from './model-source.js';
import { describePlace, endOf } from './onnx/external-files.js';
import { readWholeFile } from './read-whole-file.js';
import { readModelJson, weightBytesOf } from './tfjs/model-json.js';

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
 * Reads a version of a model: `model.yaml`, `<version>/model.onnx`, or `<version>/model.json` with `engine: tfjs`, and the files
 * below that version's folder in which it keeps tensors. Where they point outside of that folder, also by a symbolic link, they
 * are refused.
 *
 * @param folder of the model; its last part is the model's name
 * @param version name of the version's folder: digits
 * @throws EngineError `INVALID_MODEL`. Thrown when a file is missing, too short, too large, elsewhere, or no model.
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
  const engine = engineOf(configText);
  if (engine === 'remote') {
    return { name, version, configText, file: new Uint8Array(), externalFiles: new Map(), sha256: sha256Of([config]) };
  }
  const [file, read] =
    engine === 'tfjs' ? (['model.json', readTfjsFile] as const) : (['model.onnx', readModelFile] as const);
  const model = await read(join(folder, version, file), limits, `${name}/${version}/${file}`);
  return { name, version, configText, ...model };
}

/** What a `.onnx` or `model.json` file is, wherever it lies. */
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
  const places = externalLocations(file);
  const labelled = places.map((place): LabelledPlace => ({ location: place.location, label: describePlace(place) }));
  const model = await withFiles(path, file, labelled, limits);
  for (const place of places) endOf(place, model.externalFiles.get(place.location)?.length ?? 0);
  return model;
}

/**
 * Reads a `model.json` of TF.js and the weight shards below its folder.
 *
 * @param title what errors call it
 * @throws EngineError `INVALID_MODEL`. Thrown as by `readModelSource`, and when shards hold fewer or more bytes than the weights
 *   that they are listed with.
 */
async function readTfjsFile(path: string, limits: ModelSizeLimits, title: string): Promise<ModelFile> {
  const file = await readWholeFile(path, title, limits.fileBytes);
  const manifest = readModelJson(file);
  const places = manifest.groups.flatMap(({ paths }) =>
    paths.map((location): LabelledPlace => ({ location, label: `the weight shard ${location}` })),
  );
  const model = await withFiles(path, file, places, limits);
  for (const group of manifest.groups) weightBytesOf(group, model.externalFiles);
  return model;
}

/** A file that a model names, and what errors call it. */
interface LabelledPlace {
  readonly location: string;
  readonly label: string;
}

async function withFiles(
  path: string,
  file: Uint8Array,
  places: readonly LabelledPlace[],
  limits: ModelSizeLimits,
): Promise<ModelFile> {
  const budget = { fileBytes: limits.fileBytes, restBytes: limits.totalBytes - file.length };
  if (budget.restBytes < 0) throw invalid(`a model of at most ${limits.totalBytes} bytes`, `${file.length}`);
  const externalFiles = await readExternalFiles(await realpath(dirname(path)), places, budget);
  const external = [...externalFiles].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, bytes]) => bytes);
  return { file, externalFiles, sha256: sha256Of([file, ...external]) };
}

interface ReadBudget {
  readonly fileBytes: number;
  readonly restBytes: number;
}

async function readExternalFiles(
  folder: string,
  places: readonly LabelledPlace[],
  { fileBytes, restBytes }: ReadBudget,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  /** The same file may be named in several ways. */
  const byPath = new Map<string, Uint8Array>();
  let rest = restBytes;
  for (const place of places) {
    if (files.has(place.location)) continue;
    const path = await pathWithin(folder, place);
    const bytes = byPath.get(path) ?? (await readWholeFile(path, place.label, Math.min(fileBytes, rest)));
    if (!byPath.has(path)) rest -= bytes.length;
    byPath.set(path, bytes);
    files.set(place.location, bytes);
  }
  return files;
}

/** Where a file really is. */
async function pathWithin(folder: string, { location, label }: LabelledPlace): Promise<string> {
  const isOutside = isAbsolute(location) || location.includes('\0') || location.split(/[/\\]/).includes('..');
  if (isOutside) throw invalid(`a place in the model's own folder for ${label}`, 'one outside');
  const path = await realpath(join(folder, location)).catch((cause: NodeJS.ErrnoException) => {
    throw invalid(`a file for ${label}`, cause.code === 'ENOENT' ? 'none' : String(cause.code), cause);
  });
  if (!path.startsWith(folder + sep)) {
    throw invalid(`a place in the model's own folder for ${label}`, 'a link that leaves it');
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
