import type { Label, PngLabel } from '../../contract/robustgate/v1/example.js';
import { type JobLabel, maskOf, type Shape, scaleSamples, type TaskInfo, type Violations } from '../../engine/index.js';
import type { ImagePool } from '../images/image-pool.js';
import { type Datatype, type ReadTensor, readTensor } from './tensors.js';

const CLASS_TYPES: readonly Datatype[] = ['UINT8', 'UINT16', 'INT32', 'INT64'];

/**
 * A label of a request; adds a violation and gives `undefined` where it does not fit the task.
 *
 * @param field name of the label in the request
 */
export async function readLabel(
  label: Label,
  task: TaskInfo,
  field: string,
  pool: ImagePool,
  violations: Violations,
): Promise<JobLabel | undefined> {
  const read = await readValues(label, task, field, pool, violations);
  if (read === undefined) return undefined;
  const isClass = task.labelForm === 'class' || task.labelForm === 'class-map';
  const ignored = isClass ? (label.ignoreIndex ?? task.ignoreIndex) : undefined;
  const mask = readMask(label, read, `${field}.valid`, violations);
  const valid = maskOf(read.data, (value, i) => value !== ignored && read.valid?.[i] !== 0 && mask?.[i] !== 0);
  if (label.ignoreIndex !== undefined && !isClass) {
    violations.add(`${field}.ignore_index`, `expected none, for ${task.name} has no classes, got ${label.ignoreIndex}`);
  }
  const problem = isClass ? classProblem(read.data, valid, task) : numberProblem(read.data, valid, task);
  const shapeProblem = problemOfShape(read.shape, read.data.length, task);
  if (shapeProblem !== undefined) violations.add(field, shapeProblem);
  else if (problem !== undefined) violations.add(field, problem);
  return problem === undefined && shapeProblem === undefined
    ? { data: read.data, valid, shape: read.shape }
    : undefined;
}

/** Where the request says that its label counts; `undefined` where it does not say. */
function readMask(
  { valid }: Label,
  { data, shape }: LabelValues,
  field: string,
  violations: Violations,
): Float32Array | undefined {
  const mask = valid && readTensor(valid, ['UINT8'], field, violations);
  if (mask === undefined) return undefined;
  const fits = mask.data.length === data.length && isSameLengths(mask.shape, shape);
  violations.expect(fits, `${field}.shape`, `expected the shape of the label [${shape}], got [${mask.shape}]`);
  return mask.data;
}

/** Whether two shapes are the same but for axes of length 1. */
const isSameLengths = (a: Shape, b: Shape): boolean =>
  String(a.filter((n) => n !== 1)) === String(b.filter((n) => n !== 1));

/** Numbers of a label, with a mask where the file has a sample that means "unknown". */
interface LabelValues extends ReadTensor {
  readonly valid?: Uint8Array;
}

async function readValues(
  label: Label,
  task: TaskInfo,
  field: string,
  pool: ImagePool,
  violations: Violations,
): Promise<LabelValues | undefined> {
  const { value } = label;
  switch (value?.$case) {
    case 'classId':
      if (task.labelForm === 'class') return { data: Float32Array.of(Number(value.value)), shape: [] };
      violations.add(`${field}.class_id`, `expected ${WANTED[task.labelForm]} for ${task.name}, got a class`);
      return undefined;
    case 'tensor': {
      const isClass = task.labelForm === 'class' || task.labelForm === 'class-map';
      const types: readonly Datatype[] = isClass
        ? CLASS_TYPES
        : task.labelForm === 'numbers'
          ? ['FP32']
          : ['UINT8', 'FP32'];
      return readTensor(value.value, types, `${field}.tensor`, violations);
    }
    case 'png':
      if (task.labelForm === 'class' || task.labelForm === 'multi-label') {
        violations.add(`${field}.png`, `expected ${WANTED[task.labelForm]} for ${task.name}, got a PNG`);
        return undefined;
      }
      return await readPng(value.value, task, `${field}.png`, pool, violations);
    default:
      violations.add(field, `expected ${WANTED[task.labelForm]} for ${task.name}, got nothing`);
      return undefined;
  }
}

const WANTED: Readonly<Record<TaskInfo['labelForm'], string>> = {
  class: 'a class_id',
  'class-map': 'a tensor or PNG of classes',
  'multi-label': 'a tensor with a number per class',
  numbers: 'a tensor or PNG of numbers',
};

async function readPng(
  png: PngLabel,
  task: TaskInfo,
  field: string,
  pool: ImagePool,
  violations: Violations,
): Promise<LabelValues | undefined> {
  const outcome = await pool.decodeLabel(png.data);
  if ('problem' in outcome) {
    violations.add(`${field}.data`, outcome.problem);
    return undefined;
  }
  const { samples, width, height, channels } = outcome.value;
  const isClass = task.labelForm === 'class-map';
  const scale = png.scale === undefined ? (isClass ? [1] : task.labelScale) : [png.scale];
  const offset = png.offset === undefined ? (isClass ? [0] : task.labelOffset) : [png.offset];
  if ([...scale, ...offset].some((value) => !Number.isFinite(value))) {
    violations.add(field, `expected a finite scale and offset, got ${scale} and ${offset}`);
    return undefined;
  }
  const data = scaleSamples(outcome.value, scale, offset);
  const invalid = png.invalid ?? task.invalid;
  const shape = channels === 1 ? [height, width] : [channels, height, width];
  return { data, shape, valid: maskOf(samples, (sample) => sample !== invalid) };
}

function classProblem(data: Float32Array, valid: Uint8Array, { classCount }: TaskInfo): string | undefined {
  const wrong = data.find((id, i) => valid[i] === 1 && !(Number.isInteger(id) && id >= 0 && id < classCount));
  return wrong === undefined ? undefined : `expected classes 0 … ${classCount - 1}, got ${wrong}`;
}

function numberProblem(data: Float32Array, valid: Uint8Array, { labelForm }: TaskInfo): string | undefined {
  if (labelForm === 'multi-label') {
    const outside = data.find((value, i) => valid[i] === 1 && !(value >= 0 && value <= 1));
    return outside === undefined ? undefined : `expected 0 … 1 for each class, got ${outside}`;
  }
  const wrong = data.find((value, i) => valid[i] === 1 && !Number.isFinite(value));
  return wrong === undefined ? undefined : `expected finite numbers, got ${wrong}`;
}

/** Where the shape of the output is known beforehand, so is that of the label; else the run itself finds out. */
function problemOfShape(shape: Shape, size: number, task: TaskInfo): string | undefined {
  const hasClasses = task.labelForm === 'class' || task.labelForm === 'class-map';
  const expected = hasClasses ? task.shape.filter((_, axis) => axis !== task.classAxis) : task.shape;
  if (expected.includes(-1)) return undefined;
  const elements = expected.reduce((product, n) => product * n, 1);
  return isSameLengths(shape, expected) && size === elements
    ? undefined
    : `expected a label of shape [${expected}] for ${task.name}, got [${shape}]`;
}
