import { realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { EngineError } from '../errors.js';
import { labelSamples, scaleSamples } from '../images/label-samples.js';
import { maskOf } from '../tensor/mask.js';
import { decodeNpy, type NpyArray } from '../tensor/npy.js';
import { assemble } from './assemble.js';
import type { Dataset, DatasetInput, DatasetLabel, LabelledTask } from './dataset.js';
import type { ConfigOf } from './dataset-config.js';
import { byCodeUnits, type FileReading, gotInstead, invalidDataset, readDatasetFile, readImage } from './files.js';
import { type ManifestEntry, type ManifestLabel, parseManifestLine } from './manifest-entry.js';

/** Name of a manifest that is given by its folder. */
export const MANIFEST_NAME = 'manifest.jsonl';
const MAX_MANIFEST_BYTES = 256 * 2 ** 20;

/** Where the files of a manifest are, and may be. */
interface ManifestFolder {
  readonly path: string;
  readonly followLinks: boolean;
  readonly reading: FileReading;
}

/**
 * A JSONL file, one object a line: `{"key"?, "image": "a.png", "labels": {"task": 3, "other": "b.png"}}`. The key of an
 * example is its image where it has none.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when the file is missing or empty, or a line is wrong; the message has its number.
 */
export async function openManifest(
  config: ConfigOf<'manifest'>,
  tasks: readonly LabelledTask[],
  name: string,
  reading: FileReading,
): Promise<Dataset> {
  const isFolder = await stat(config.root).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const file = isFolder ? join(config.root, MANIFEST_NAME) : config.root;
  const text = Buffer.from(await readDatasetFile(file, 'a manifest', MAX_MANIFEST_BYTES)).toString('utf8');
  const entries = new Map<string, ManifestEntry>();
  const meaning: (readonly [key: string, image: string, labels: readonly unknown[]])[] = [];
  for (const [i, line] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    if (line.trim() === '') continue;
    const at = `line ${i + 1} of ${file}`;
    const { entry, given } = parseManifestLine(line, at, tasks, config.otherTasks);
    if (entries.has(entry.key)) throw invalidDataset(`${at}: a key of its own`, `${entry.key} again`);
    entries.set(entry.key, entry);
    meaning.push([entry.key, entry.image, Object.entries(given).toSorted()]);
  }
  const folder = { path: dirname(file), followLinks: config.followLinks, reading };
  return assemble({
    name,
    kind: config.kind,
    place: `lines of ${file}`,
    meaning: meaning.toSorted(([a], [b]) => byCodeUnits(a, b)),
    entries,
    read: async ({ image, labels }) => {
      const input = await readInput(image, folder);
      const read = new Map<string, DatasetLabel>();
      for (const [task, label] of labels) read.set(task.name, await readLabel(label, task, folder));
      return { input, labels: read };
    },
  });
}

/**
 * A path of a manifest on this machine.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when there is nothing, or links lead out of the folder.
 */
async function locate(path: string, folder: ManifestFolder): Promise<string> {
  const full = join(folder.path, path);
  const real = await realpath(full).catch((cause: unknown) => {
    throw invalidDataset(`a file at ${full}`, gotInstead(cause), cause);
  });
  if (folder.followLinks || real.startsWith(join(await realpath(folder.path), sep))) return real;
  throw invalidDataset(
    `a file in the folder of the manifest at ${full}`,
    `a link to ${real}; followLinks: true says that this is wanted`,
  );
}

async function readInput(path: string, folder: ManifestFolder): Promise<DatasetInput> {
  const full = await locate(path, folder);
  if (!isNpy(path)) return { form: 'file', data: (await readImage(full, 'an image', folder.reading)).file };
  const { data, shape } = await readNpy(full, folder);
  return { form: 'tensor', data: data instanceof Uint8Array ? data : toFloats(data), shape };
}

async function readLabel(label: ManifestLabel, task: LabelledTask, folder: ManifestFolder): Promise<DatasetLabel> {
  if (typeof label === 'number') return { data: Float32Array.of(label), shape: [] };
  if (typeof label !== 'string') return { data: Float32Array.from(label), shape: [label.length] };
  const full = await locate(label, folder);
  if (isNpy(label)) {
    const { data, shape } = await readNpy(full, folder);
    return { data: toFloats(data), shape };
  }
  return await readPngLabel(full, task, folder.reading);
}

/** Samples of a map of classes are classes; of numbers they are scaled as `model.yaml` says. */
async function readPngLabel(
  path: string,
  { labelForm, labelScale, labelOffset, invalid }: LabelledTask,
  reading: FileReading,
): Promise<DatasetLabel> {
  const file = labelSamples((await readImage(path, 'a label', reading)).image);
  const { samples, width, height, channels } = file;
  return {
    data: labelForm === 'class-map' ? samples : scaleSamples(file, labelScale, labelOffset),
    shape: channels === 1 ? [height, width] : [channels, height, width],
    ...(invalid !== undefined && { valid: maskOf(samples, (sample) => sample !== invalid) }),
  };
}

const isNpy = (path: string): boolean => /\.npy$/i.test(path);

async function readNpy(path: string, { reading }: ManifestFolder): Promise<NpyArray> {
  const file = await readDatasetFile(path, 'a .npy file', reading.limits.maxBytes);
  try {
    return decodeNpy(file);
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw new EngineError('INVALID_DATASET', `${path}: ${cause.message}`, {}, { cause });
  }
}

const toFloats = (data: NpyArray['data']): Float32Array =>
  data instanceof BigInt64Array ? Float32Array.from(data, Number) : Float32Array.from(data);
