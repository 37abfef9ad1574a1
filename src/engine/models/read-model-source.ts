import { createHash } from 'node:crypto';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, isAbsolute, join, sep } from 'node:path';
import { EngineError } from '../errors.js';
import { externalLocations } from '../onnx/external-locations.js';
import type { ModelSource } from './model-source.js';

/** Largest file that is read: what one protobuf message, and one buffer, can hold. */
const MAX_FILE_BYTES = 2 ** 31;

/**
 * Reads one version of a model: `model.yaml` of its folder, `model.onnx` of the version's, and the files beside that which it
 * keeps tensors in. They are read once: what is hashed is what is served.
 *
 * @param folder of the model; its name is the model's
 * @throws EngineError `INVALID_MODEL`. Thrown when a file is missing or too large, or a tensor is said to be outside the
 *   version's folder.
 */
export async function readModelSource(folder: string, version: string): Promise<ModelSource> {
  const versionFolder = join(folder, version);
  const [configText, file] = await Promise.all([
    readOne(join(folder, 'model.yaml'), 'model.yaml'),
    readOne(join(versionFolder, 'model.onnx'), `${version}/model.onnx`),
  ]);
  const externalFiles = new Map<string, Uint8Array>();
  for (const location of externalLocations(file)) {
    externalFiles.set(location, await readOne(await confined(versionFolder, location), location));
  }
  return {
    name: basename(folder),
    version,
    configText: configText.toString('utf8'),
    file,
    externalFiles,
    sha256: createHash('sha256').update(file).digest('hex'),
  };
}

async function readOne(path: string, name: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES)
      throw new EngineError('INVALID_MODEL', `expected at most 2 GiB in ${name}, got ${size} bytes`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError(
      'INVALID_MODEL',
      `expected a file ${name}, got none that can be read: ${cause}`,
      {},
      { cause },
    );
  }
}

/** The path of a location that a model file names, which must lead to a file in the same folder, through links too. */
async function confined(folder: string, location: string): Promise<string> {
  const outside = new EngineError('INVALID_MODEL', `expected external data inside the model's folder, got ${location}`);
  if (isAbsolute(location) || location.split(/[\\/]/).includes('..')) throw outside;
  const path = join(folder, location);
  const [realFolder, realFile] = await Promise.all([realpath(folder), realpath(path).catch(() => undefined)]);
  if (realFile === undefined)
    throw new EngineError('INVALID_MODEL', `expected a file ${location} beside the model, got none`);
  if (!realFile.startsWith(realFolder + sep)) throw outside;
  return path;
}
