import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import {
  type Dataset,
  type DatasetConfig,
  datasetConfigSchema,
  EngineError,
  guessDatasetConfig,
  type LabelledTask,
  openDataset,
  parseStrict,
} from '../../engine/index.js';
import { UsageError } from '../context.js';
import type { Pair } from '../options.js';

/** Which dataset is meant. */
export interface DatasetOptions {
  /** A name below `datasets:` of `config`. */
  readonly dataset?: string;
  readonly config?: string;
  readonly datasetPath?: string;
  readonly datasetOption?: readonly Pair[];
}

/**
 * Opens the dataset that the options name.
 *
 * @throws UsageError. Thrown when they name none, two, or one that the configuration does not have.
 * @throws EngineError `INVALID_CONFIG`. Thrown when something that is said of it is wrong.
 */
export async function openNamedDataset(options: DatasetOptions, tasks: readonly LabelledTask[]): Promise<Dataset> {
  const { dataset: name, datasetPath } = options;
  if ((name === undefined) === (datasetPath === undefined)) {
    throw new UsageError('expected either --dataset NAME or --dataset-path PATH');
  }
  if (name !== undefined) return await openDataset(await configuredDataset(name, options), tasks, { name });
  return await openDataset(await describedDataset(datasetPath ?? '', options.datasetOption ?? []), tasks);
}

async function configuredDataset(name: string, { config, datasetOption = [] }: DatasetOptions): Promise<DatasetConfig> {
  if (config === undefined) throw new UsageError(`expected --config FILE, in which ${name} is described, got none`);
  const document = parseYaml(await readFile(config, 'utf8'), config);
  const datasets = isRecord(document) && isRecord(document['datasets']) ? document['datasets'] : {};
  const found = datasets[name];
  if (!isRecord(found)) {
    const names = Object.keys(datasets).join(', ') || 'none';
    throw new UsageError(`expected one of the datasets of ${config} (${names}), got ${name}`);
  }
  const { root } = found;
  // Paths in a file are meant from the folder of that file, wherever a command is called.
  const placed =
    typeof root === 'string' && !isAbsolute(root) ? { ...found, root: join(dirname(config), root) } : found;
  return parseStrict(datasetConfigSchema, withOptions(placed, datasetOption), 'INVALID_CONFIG', `dataset ${name}`);
}

function parseYaml(text: string, path: string): unknown {
  try {
    return parse(text);
  } catch (cause) {
    throw new EngineError('INVALID_CONFIG', `expected YAML in ${path}, got: ${cause}`, {}, { cause });
  }
}

/**
 * What path and options say of a dataset; its kind is guessed unless they name it.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when something that is said of it is wrong.
 */
export async function describedDataset(root: string, options: readonly Pair[]): Promise<DatasetConfig> {
  const isTold = options.some(([key]) => key === 'kind');
  const guess = isTold ? { root } : await guessDatasetConfig(root);
  return parseStrict(datasetConfigSchema, withOptions({ ...guess }, options), 'INVALID_CONFIG', 'dataset');
}

/** `sources.depth=disparity` sets a key of a key. */
function withOptions(config: Readonly<Record<string, unknown>>, options: readonly Pair[]): Record<string, unknown> {
  const result: Record<string, unknown> = { ...config };
  for (const [path, text] of options) {
    const value = text === 'true' || text === 'false' ? text === 'true' : text;
    const dot = path.indexOf('.');
    if (dot === -1) result[path] = value;
    else {
      const key = path.slice(0, dot);
      const inner = result[key];
      result[key] = { ...(isRecord(inner) ? inner : {}), [path.slice(dot + 1)]: value };
    }
  }
  return result;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
