import { readFile } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import type { Command } from 'commander';
import { type Client, type Example, type Label, type Tensor, tensorFrom } from '../clients/index.js';
import { decodeNpy, type NpyArray } from '../engine/index.js';
import { UsageError } from './context.js';
import { type Pair, pairs } from './options.js';

/** Which model, on what. */
export interface ExampleOptions {
  readonly model: string;
  readonly version?: string;
  readonly image?: readonly string[];
  readonly tensor?: readonly string[];
  readonly label?: readonly Pair[];
}

/** Adds `--model`, `--version`, `--image`, `--tensor` and `--label`. */
export function addExampleOptions(command: Command): Command {
  return command
    .requiredOption('--model <name>', 'model')
    .option('--version <version>', 'its version (default: the newest that serves)')
    .option('--image <file...>', 'PNG or JPEG files')
    .option('--tensor <file...>', '.npy files: one example, or many along the first axis')
    .option(
      '--label <task=value>',
      'label of a task: a class number, a .png or a .npy file. Once per example in order, or one for all, in which ' +
        '{name} is the name of the image file without its extension, {name%_x} the same without _x at its end, and ' +
        '{dir} its folder. May be repeated.',
      pairs,
    );
}

/** An example with where it came from. */
interface Source {
  readonly key: string;
  readonly path: string;
  readonly input: NonNullable<Example['input']>;
}

/**
 * Reads the examples of a request.
 *
 * @throws UsageError. Thrown when there is none, or labels do not match them in number or kind.
 */
export async function readExamples(options: ExampleOptions, client: Client): Promise<Example[]> {
  const sources = [...(await readImages(options.image ?? [])), ...(await readTensors(options, client))];
  if (sources.length === 0) throw new UsageError('expected --image or --tensor with at least one file, got none');
  const examples = sources.map(({ key, input }): Example => ({ key, input, labels: {}, extraInputs: {} }));
  const given = options.label ?? [];
  for (const task of new Set(given.map(([name]) => name))) {
    const texts = given.filter(([name]) => name === task).map(([, text]) => text);
    const labels = await readLabels(task, texts, sources);
    for (const [i, label] of labels.entries()) Object.assign(examples[i]?.labels ?? {}, { [task]: label });
  }
  return examples;
}

async function readImages(paths: readonly string[]): Promise<Source[]> {
  // Random draws depend on the key, so it should not depend on the folder from which a command is called.
  const names = paths.map((path) => basename(path));
  const isUnique = new Set(names).size === names.length;
  return Promise.all(
    paths.map(async (path, i) => ({
      key: isUnique ? (names[i] ?? path) : path,
      path,
      input: { $case: 'encodedImage' as const, value: await readFile(path) },
    })),
  );
}

async function readTensors({ tensor = [], model, version }: ExampleOptions, client: Client): Promise<Source[]> {
  if (tensor.length === 0) return [];
  const reply = await client.getModel({ name: model, version });
  const rank = reply.model?.input?.shape.length ?? 0;
  const lists = tensor.map(async (path): Promise<Source[]> => {
    const array = await readNpy(path);
    if (array.shape.length !== rank && array.shape.length !== rank + 1) {
      throw new UsageError(`expected ${rank} axes in ${path}, or one more for many examples, got [${array.shape}]`);
    }
    const parts = array.shape.length === rank ? [array] : splitFirstAxis(array);
    return parts.map((part, i) => ({
      key: array.shape.length === rank ? basename(path) : `${basename(path)}[${i}]`,
      path,
      input: { $case: 'tensor', value: tensorOf(part) },
    }));
  });
  return (await Promise.all(lists)).flat();
}

async function readLabels(task: string, texts: readonly string[], sources: readonly Source[]): Promise<Label[]> {
  const [first = ''] = texts;
  if (texts.length === 1 && first.includes('{')) {
    return Promise.all(sources.map(({ path }) => readLabel(task, expandPattern(first, path))));
  }
  if (texts.length === 1 && sources.length > 1 && extname(first) === '.npy') {
    const array = await readNpy(first);
    if (array.shape[0] === sources.length) return splitFirstAxis(array).map(labelOf);
  }
  if (texts.length !== sources.length) {
    throw new UsageError(
      `expected ${sources.length} labels of ${task}, one per example, or one with {name} in it, got ${texts.length}`,
    );
  }
  return Promise.all(texts.map((text) => readLabel(task, text)));
}

/** The pattern of a label file with the name of an image put in. */
export function expandPattern(pattern: string, imagePath: string): string {
  const name = basename(imagePath, extname(imagePath));
  return pattern
    .replaceAll('{dir}', dirname(imagePath))
    .replaceAll(/\{name(?:%([^}]*))?\}/g, (_, suffix: string | undefined) =>
      suffix !== undefined && name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name,
    );
}

async function readLabel(task: string, text: string): Promise<Label> {
  if (/^\d+$/.test(text)) return { value: { $case: 'classId', value: BigInt(text) } };
  const extension = extname(text).toLowerCase();
  if (extension === '.npy') return labelOf(await readNpy(text));
  if (extension === '.png') return { value: { $case: 'png', value: { data: await readFile(text) } } };
  throw new UsageError(`expected a class number, a .png or a .npy file as the label of ${task}, got ${text}`);
}

const labelOf = (array: NpyArray): Label =>
  array.shape.length === 0
    ? { value: { $case: 'classId', value: BigInt(array.data[0] ?? 0) } }
    : { value: { $case: 'tensor', value: tensorOf(array) } };

async function readNpy(path: string): Promise<NpyArray> {
  const file = await readFile(path);
  try {
    return decodeNpy(file);
  } catch (cause) {
    throw new UsageError(`${path}: ${(cause as Error).message}`, { cause });
  }
}

function splitFirstAxis({ data, shape: [count = 0, ...shape] }: NpyArray): NpyArray[] {
  const size = data.length / count;
  return Array.from({ length: count }, (_, i) => ({ data: data.slice(i * size, (i + 1) * size), shape }));
}

/** The element types of .npy that the contract lacks become the next larger one. */
function tensorOf({ data, shape }: NpyArray): Tensor {
  if (data instanceof Float64Array) return tensorFrom(Float32Array.from(data), shape);
  if (data instanceof Int8Array || data instanceof Int16Array) return tensorFrom(Int32Array.from(data), shape);
  return tensorFrom(data, shape);
}
