import type { Example } from '../../contract/robustgate/v1/example.js';
import {
  type InputInfo,
  type JobInput,
  type JobLabel,
  type ModelInfo,
  type Shape,
  Violations,
} from '../../engine/index.js';
import type { GatewayConfig } from '../config.js';
import type { ImagePool } from '../images/image-pool.js';
import { readLabel } from './labels.js';
import { readTensor } from './tensors.js';

const MAX_KEY_BYTES = 256;

/** What examples are read with. */
export interface ReadContext {
  readonly model: ModelInfo;
  readonly pool: ImagePool;
  readonly limits: GatewayConfig['limits'];
}

/** Names of the tasks for which some example has a label, right or wrong. */
export const labelledTasks = (examples: readonly Example[]): ReadonlySet<string> =>
  new Set(examples.flatMap(({ labels }) => Object.keys(labels)));

/**
 * Reads the examples of a request; files are unpacked on other threads.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when something is wrong, with a violation for each.
 */
export async function readExamples(examples: readonly Example[], context: ReadContext): Promise<readonly JobInput[]> {
  const violations = new Violations();
  const { limits } = context;
  if (examples.length === 0) violations.add('examples', 'expected at least 1 example, got none');
  if (examples.length > limits.examples) {
    violations.add('examples', `expected at most ${limits.examples} examples, got ${examples.length}`);
  }
  violations.throwIfAny('INVALID_REQUEST');
  checkKeys(examples, violations);
  const inputs = await Promise.all(
    examples.map((example, i) => readExample(example, keyOf(example, i), `examples[${i}]`, context, violations)),
  );
  violations.throwIfAny('INVALID_REQUEST');
  return inputs.filter((input) => input !== undefined);
}

const keyOf = ({ key }: Example, index: number): string => key ?? String(index);

function checkKeys(examples: readonly Example[], violations: Violations): void {
  const seen = new Set<string>();
  for (const [i, example] of examples.entries()) {
    const key = keyOf(example, i);
    const size = Buffer.byteLength(key);
    violations.expect(
      size <= MAX_KEY_BYTES,
      `examples[${i}].key`,
      `expected at most ${MAX_KEY_BYTES} bytes, got ${size}`,
    );
    violations.expect(!seen.has(key), `examples[${i}].key`, `expected a key of its own, got ${key} again`);
    seen.add(key);
  }
}

async function readExample(
  example: Example,
  key: string,
  field: string,
  context: ReadContext,
  violations: Violations,
): Promise<JobInput | undefined> {
  const [input, labels] = await Promise.all([
    readInput(example, field, context, violations),
    readLabels(example, field, context, violations),
  ]);
  const extraInputs = readExtraInputs(example, field, context.model, violations);
  return input && { key, ...input, extraInputs, labels };
}

async function readInput(
  { input }: Example,
  field: string,
  { model, pool }: ReadContext,
  violations: Violations,
): Promise<{ pixels: Float32Array; shape: Shape } | undefined> {
  const wanted = model.input;
  switch (input?.$case) {
    case 'encodedImage': {
      if (wanted.kind === 'features') {
        violations.add(`${field}.encoded_image`, 'expected a tensor of features, got an image');
        return undefined;
      }
      const outcome = await pool.decodeInput(input.value, wanted);
      if ('problem' in outcome) {
        violations.add(`${field}.encoded_image`, outcome.problem);
        return undefined;
      }
      const { pixels, shape } = outcome.value;
      return checkShape(shape, wanted, `${field}.encoded_image`, violations) ? { pixels, shape } : undefined;
    }
    case 'tensor': {
      const types = wanted.kind === 'image' ? (['UINT8', 'FP32'] as const) : (['FP32'] as const);
      const tensor = readTensor(input.value, types, `${field}.tensor`, violations);
      if (tensor === undefined || !checkShape(tensor.shape, wanted, `${field}.tensor.shape`, violations))
        return undefined;
      const [low, high] = wanted.range;
      const outside = tensor.data.find((x) => !(x >= low && x <= high));
      if (outside !== undefined)
        violations.add(`${field}.tensor.data`, `expected values in [${low}, ${high}], got ${outside}`);
      return { pixels: tensor.data, shape: tensor.shape };
    }
    default:
      violations.add(field, 'expected encoded_image or tensor, got neither');
      return undefined;
  }
}

function checkShape(shape: Shape, { shape: wanted }: InputInfo, field: string, violations: Violations): boolean {
  const fits = shape.length === wanted.length && wanted.every((n, axis) => n === -1 || n === shape[axis]);
  const lengths = wanted.map((n) => (n === -1 ? 'any' : n)).join(', ');
  violations.expect(fits, field, `expected shape [${lengths}], got [${shape.join(', ')}]`);
  return fits;
}

async function readLabels(
  { labels }: Example,
  field: string,
  { model, pool }: ReadContext,
  violations: Violations,
): Promise<ReadonlyMap<string, JobLabel>> {
  const read = new Map<string, JobLabel>();
  for (const [name, label] of Object.entries(labels)) {
    const task = model.tasks.find((candidate) => candidate.name === name);
    const labelField = `${field}.labels[${name}]`;
    if (task === undefined) {
      const names = model.tasks.map((candidate) => candidate.name).join(', ');
      violations.add(labelField, `expected a task of the model (${names}), got ${name}`);
    } else if (task.isReconstruction) {
      violations.add(labelField, `expected no label for ${name}: it is always the clean input`);
    } else {
      const value = await readLabel(label, task, labelField, pool, violations);
      if (value !== undefined) read.set(name, value);
    }
  }
  return read;
}

function readExtraInputs(
  { extraInputs }: Example,
  field: string,
  model: ModelInfo,
  violations: Violations,
): ReadonlyMap<string, Float32Array> {
  const read = new Map<string, Float32Array>();
  for (const [name, tensor] of Object.entries(extraInputs)) {
    const wanted = model.extraInputs.find((candidate) => candidate.name === name);
    const at = `${field}.extra_inputs[${name}]`;
    if (wanted === undefined) {
      const names = model.extraInputs.map((candidate) => candidate.name).join(', ') || 'none';
      violations.add(at, `expected one of the inputs that model.yaml declares per request (${names}), got ${name}`);
      continue;
    }
    const value = readTensor(tensor, ['FP32'], at, violations);
    if (value === undefined) continue;
    const fits =
      value.shape.length === wanted.shape.length &&
      wanted.shape.every((n, axis) => n === -1 || n === value.shape[axis]);
    violations.expect(fits, `${at}.shape`, `expected shape [${wanted.shape}], got [${value.shape}]`);
    const wrong = value.data.find((x) => !Number.isFinite(x));
    if (wrong !== undefined) violations.add(`${at}.data`, `expected finite numbers, got ${wrong}`);
    read.set(name, value.data);
  }
  for (const { name } of model.extraInputs) {
    violations.expect(
      name in extraInputs,
      `${field}.extra_inputs[${name}]`,
      `expected a tensor for the input ${name}, got none`,
    );
  }
  return read;
}
