import { Violations } from '../errors.js';
import type { InputInfo, ModelInfo, TaskInfo } from '../models/model-info.js';
import { isSameShape, type Shape, sizeOf, withoutAxes } from '../tensor/shape.js';
import type { JobInput, JobLabel } from './job.js';
import { toLevels } from './levels.js';

/** An example of a run, ready for attacks. */
export interface Example {
  readonly key: string;
  /** Levels 0–255. */
  readonly clean: Float32Array;
  /** Without the batch axis. */
  readonly shape: Shape;
  /** Whether it is an image of whole-numbered levels, so that it came from 8 bits. */
  readonly isWhole: boolean;
  readonly extraInputs: JobInput['extraInputs'];
  readonly labels: JobInput['labels'];
}

/**
 * The inputs of a job as examples.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when an input is not what the model takes, with a violation for each.
 */
export function prepareExamples(inputs: readonly JobInput[], info: ModelInfo): readonly Example[] {
  const violations = new Violations();
  violations.expect(inputs.length > 0, 'examples', 'expected at least 1 example, got none');
  const keys = new Set<string>();
  for (const [i, input] of inputs.entries()) {
    violations.expect(!keys.has(input.key), `examples[${i}].key`, `expected a key of its own, got ${input.key} again`);
    keys.add(input.key);
    checkPixels(input, info.input, `examples[${i}].input`, violations);
    checkExtraInputs(input, info, `examples[${i}].extra_inputs`, violations);
  }
  violations.throwIfAny('INVALID_REQUEST');
  return inputs.map(({ key, pixels, shape, extraInputs, labels }) => ({
    key,
    clean: toLevels(pixels, info.input),
    shape,
    isWhole: info.input.kind === 'image' && pixels.every(Number.isInteger),
    extraInputs,
    labels,
  }));
}

function checkPixels({ pixels, shape }: JobInput, input: InputInfo, field: string, violations: Violations): void {
  const fits = shape.length === input.shape.length && input.shape.every((n, axis) => n === -1 || n === shape[axis]);
  violations.expect(fits, field, `expected shape [${input.shape}] (−1 is any length), got [${shape}]`);
  violations.expect(pixels.length === sizeOf(shape), field, `expected ${sizeOf(shape)} elements, got ${pixels.length}`);
  const [low, high] = input.range;
  const outside = pixels.find((x) => !(x >= low && x <= high));
  if (outside !== undefined) violations.add(field, `expected values in [${low}, ${high}], got ${outside}`);
}

function checkExtraInputs(input: JobInput, info: ModelInfo, field: string, violations: Violations): void {
  for (const { name, shape } of info.extraInputs) {
    const given = input.extraInputs.get(name);
    const size = sizeOf(shape.map((n) => (n === -1 ? 1 : n)));
    const isAnySize = shape.includes(-1);
    if (given === undefined) violations.add(`${field}[${name}]`, `expected a tensor of shape [${shape}], got none`);
    else if (!isAnySize && given.length !== size) {
      violations.add(`${field}[${name}]`, `expected ${size} elements for shape [${shape}], got ${given.length}`);
    }
  }
}

/** Shape of a task's labels, without the batch axis, where its output has `outputShape`. */
export function labelShape({ labelForm, classAxis }: TaskInfo, outputShape: Shape): Shape {
  const hasClasses = labelForm === 'class' || labelForm === 'class-map';
  return hasClasses ? withoutAxes(outputShape, [classAxis]) : outputShape;
}

/**
 * Holds a label against the output that it is for.
 *
 * @returns what is wrong with it, or `undefined`
 */
export function labelProblem(label: JobLabel, task: TaskInfo, outputShape: Shape): string | undefined {
  const expected = labelShape(task, outputShape);
  const squeeze = (shape: Shape): Shape => shape.filter((n) => n !== 1);
  if (!isSameShape(squeeze(label.shape), squeeze(expected)) || label.data.length !== sizeOf(expected)) {
    return `expected a label of shape [${expected}], got [${label.shape}]`;
  }
  if (task.labelForm === 'class' || task.labelForm === 'class-map') {
    const wrong = label.data.find(
      (id, i) => label.valid[i] === 1 && !(Number.isInteger(id) && id >= 0 && id < task.classCount),
    );
    return wrong === undefined ? undefined : `expected classes 0 … ${task.classCount - 1}, got ${wrong}`;
  }
  const wrong = label.data.find((value, i) => label.valid[i] === 1 && !Number.isFinite(value));
  return wrong === undefined ? undefined : `expected finite numbers, got ${wrong}`;
}
