import type { DatasetExample, DatasetLabel } from '../datasets/dataset.js';
import { DATASET_LIMITS } from '../datasets/open-dataset.js';
import { EngineError } from '../errors.js';
import { decodeImage } from '../images/decode-image.js';
import { type ImageForm, type InputPixels, inputPixels } from '../images/input-pixels.js';
import type { ModelInfo, TaskInfo } from '../models/model-info.js';
import { labelProblem } from '../runs/examples.js';
import type { JobInput, JobLabel } from '../runs/job.js';
import { hasClasses } from '../runs/payloads.js';
import { maskOf } from '../tensor/mask.js';
import { type Shape, sizeOf } from '../tensor/shape.js';

/** Unpacks an image file for a model, on whatever thread; throws `INVALID_IMAGE` where it cannot. */
export type UnpackImage = (file: Uint8Array, form: ImageForm) => Promise<InputPixels>;

const unpackHere: UnpackImage = async (file, form) => inputPixels(await decodeImage(file, DATASET_LIMITS), form);

/**
 * An example of a dataset as a model takes it, with the labels of the tasks that it has. Positions of the class that
 * `ignoreIndex` names do not count; a reconstruction gets no label, for it is always the clean input.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when input or labels do not fit the model; the message begins with the key.
 *   Labels for an output whose size depends on the input are only looked at for their values: the run judges their shape.
 */
export async function jobInputOf(
  example: DatasetExample,
  model: Pick<ModelInfo, 'input' | 'extraInputs' | 'tasks'>,
  unpack: UnpackImage = unpackHere,
): Promise<JobInput> {
  const [extra] = model.extraInputs;
  if (extra !== undefined) {
    throw unfit(example, 'a model that needs nothing beside its input', `one that needs ${extra.name} per request`);
  }
  const labels = new Map<string, JobLabel>();
  for (const task of model.tasks) {
    const label = example.labels.get(task.name);
    if (label !== undefined && !task.isReconstruction) labels.set(task.name, jobLabel(example, label, task));
  }
  return { key: example.key, ...(await jobPixels(example, model.input, unpack)), extraInputs: new Map(), labels };
}

async function jobPixels(
  example: DatasetExample,
  wanted: ModelInfo['input'],
  unpack: UnpackImage,
): Promise<Pick<JobInput, 'pixels' | 'shape'>> {
  const { pixels, shape } = await unpackInput(example, wanted, unpack);
  const fits = shape.length === wanted.shape.length && wanted.shape.every((n, axis) => n === -1 || n === shape[axis]);
  if (!fits) {
    const lengths = wanted.shape.map((n) => (n === -1 ? 'any' : n)).join(', ');
    throw unfit(example, `an input of shape [${lengths}]`, `[${shape.join(', ')}]: nothing is resized`);
  }
  if (pixels.length !== sizeOf(shape)) throw unfit(example, `${sizeOf(shape)} elements`, `${pixels.length}`);
  const [low, high] = wanted.range;
  const outside = pixels.find((x) => !(x >= low && x <= high));
  if (outside !== undefined) throw unfit(example, `values in [${low}, ${high}]`, `${outside}`);
  return { pixels, shape };
}

async function unpackInput(
  example: DatasetExample,
  wanted: ModelInfo['input'],
  unpack: UnpackImage,
): Promise<InputPixels> {
  const { input } = example;
  if (input.form === 'tensor') return { pixels: Float32Array.from(input.data), shape: input.shape };
  if (wanted.kind === 'features') throw unfit(example, 'a tensor of features', 'an image');
  try {
    return await unpack(input.data, wanted);
  } catch (cause) {
    if (!(cause instanceof EngineError) || cause.code !== 'INVALID_IMAGE') throw cause;
    throw new EngineError('INVALID_DATASET', `${example.key}: ${cause.message}`, {}, { cause });
  }
}

function jobLabel(example: DatasetExample, { data, shape, valid }: DatasetLabel, task: TaskInfo): JobLabel {
  const ignored = hasClasses(task) ? task.ignoreIndex : undefined;
  const counts = maskOf(data, (value, i) => value !== ignored && valid?.[i] !== 0);
  const label = { data, shape, valid: counts };
  const problem = labelProblem(label, task, outputShapeFor(shape, task)) ?? shareProblem(label, task);
  if (problem === undefined) return label;
  throw new EngineError('INVALID_DATASET', `${example.key}: labels.${task.name}: ${problem}`);
}

/** Shape of the output that the label should fit: the label's own where that of the output depends on the input. */
function outputShapeFor(shape: Shape, task: TaskInfo): Shape {
  if (!task.shape.includes(-1)) return task.shape;
  return hasClasses(task) ? shape.toSpliced(task.classAxis, 0, task.classCount) : shape;
}

function shareProblem({ data, valid }: JobLabel, { labelForm }: TaskInfo): string | undefined {
  if (labelForm !== 'multi-label') return undefined;
  const wrong = data.find((value, i) => valid[i] === 1 && !(value >= 0 && value <= 1));
  return wrong === undefined ? undefined : `expected 0 … 1 for each class, got ${wrong}`;
}

const unfit = ({ key }: DatasetExample, expected: string, got: string): EngineError =>
  new EngineError('INVALID_DATASET', `${key}: expected ${expected}, got ${got}`);
