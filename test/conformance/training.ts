// `npm run conformance:training`: a training step of every network of the lab beside PyTorch's in float64. With `--write`, what
// PyTorch says of the small ones is kept as test/fixtures/training/.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startStepper } from '../../bench/peers/stepper.js';
import { root } from '../support/street.js';
import { caseOf, FULL_CASES, type ReferenceCase, SMALL_CASES, summaryOf } from '../support/training-cases.js';
import { namedResults, ourStep, type TrainingCase, writeCase } from '../support/training-step.js';

/** Largest ‖ours − theirs‖ / ‖theirs‖ of all gradients together, and of all statistics. */
const TOLERANCE = 5e-3;

/**
 * Or so many times the error of PyTorch in float32: in networks of a hundred layers rounding decides for many a ReLU on which side
 * of its kink it is.
 */
const ROUNDING_FACTOR = 2;

const { values } = parseArgs({
  options: { python: { type: 'string', default: 'python3' }, write: { type: 'boolean' }, name: { type: 'string' } },
});

let failures = 0;
process.stdout.write(
  '| step | error of gradients | worst tensor | of PyTorch in float32 | of statistics | |\n|---|---:|---|---:|---:|---|\n',
);
for (const reference of values.write ? SMALL_CASES : [...SMALL_CASES, ...FULL_CASES]) {
  if (values.name !== undefined && values.name !== reference.name) continue;
  process.stdout.write(`${await line(reference)}\n`);
}
process.exitCode = failures === 0 ? 0 : 1;

async function line(reference: ReferenceCase): Promise<string> {
  const training = await caseOf(reference);
  const expected = await torchStep(training, ['--float64']);
  if (values.write) await keep(reference.name, expected);
  const actual = await ourStep(training);
  const { parameters } = training.trainable;
  const isParameter = (name: string): boolean => parameters.has(name);
  const gradients = errorOf(actual, expected, isParameter);
  const statistics = errorOf(actual, expected, (name) => !isParameter(name) && name !== 'losses');
  const theirs = errorOf(await torchStep(training, []), expected, isParameter);
  const isGood =
    gradients.error <= Math.max(TOLERANCE, ROUNDING_FACTOR * theirs.error) && !(statistics.error > TOLERANCE);
  if (!isGood) failures++;
  const cells = [reference.name, gradients.error.toExponential(1), gradients.worst];
  const others = [theirs.error, statistics.error].map((error) => (Number.isNaN(error) ? '–' : error.toExponential(1)));
  return `| ${[...cells, ...others, isGood ? 'pass' : 'FAIL'].join(' | ')} |`;
}

async function torchStep(
  training: TrainingCase,
  options: readonly string[],
): Promise<ReadonlyMap<string, Float32Array>> {
  const folder = await mkdtemp(join(tmpdir(), 'robustgate-training-'));
  const torch = startStepper(values.python, [join(root, 'bench/training/torch_step.py'), ...options]);
  try {
    await writeCase(folder, training);
    await torch.ask({ do: 'load', folder, batch: training.request.batchSize });
    const file = join(folder, 'results.bin');
    await torch.ask({ do: 'gradient', file });
    return namedResults(await readFile(file), training);
  } finally {
    await torch.close();
    await rm(folder, { recursive: true });
  }
}

async function keep(name: string, results: ReadonlyMap<string, Float32Array>): Promise<void> {
  const short = (_: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toPrecision(7)) : value;
  const lines = [...results].map(
    ([key, numbers]) => `  ${JSON.stringify(key)}: ${JSON.stringify(summaryOf(numbers), short)}`,
  );
  await writeFile(join(root, 'test/fixtures/training', `${name}.json`), `{\n${lines.join(',\n')}\n}\n`);
}

interface Errors {
  readonly error: number;
  /** The tensor with the largest part of it. */
  readonly worst: string;
}

function errorOf(
  actual: ReadonlyMap<string, Float32Array>,
  expected: ReadonlyMap<string, Float32Array>,
  isWanted: (name: string) => boolean,
): Errors {
  let [difference, size, most, worst] = [0, 0, 0, ''];
  for (const [name, numbers] of expected) {
    if (!isWanted(name)) continue;
    const own = actual.get(name) ?? new Float32Array(numbers.length).fill(Number.NaN);
    let part = 0;
    for (const [i, value] of numbers.entries()) {
      part += ((own[i] as number) - value) ** 2;
      size += value ** 2;
    }
    difference += part;
    if (!(part <= most)) [most, worst] = [part, name];
  }
  return { error: Math.sqrt(difference / size), worst };
}
