// `npm run conformance:zoo -- DIR`: gradients of real architectures beside float64 references. A folder of DIR holds
// model.onnx, x.npy, target.npy, y.npy (logits) and grad.npy: of the cross-entropy, the mean over examples and positions.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { computeGradient, type Gradient } from '../../src/engine/inspection/compute-gradient.js';
import { readExternalFrom } from '../../src/engine/models/onnx/external-files.js';
import { type ModelFile, readModelFile } from '../../src/engine/models/read-model-source.js';
import { decodeModel } from '../../src/engine/onnx/decode-model.js';
import { decodeNpy, type NpyArray } from '../../src/engine/tensor/npy.js';
import { usableCores } from '../../src/host/index.js';

/** Largest error of a gradient, over its largest element. */
const TOLERANCE = 1e-3;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { timings: { type: 'string', default: '3' } },
});
const [folder] = positionals;
if (folder === undefined) {
  process.stderr.write('usage: npm run conformance:zoo -- DIR [--timings N]\n');
  process.exit(2);
}

interface Row {
  readonly logitsError: number;
  readonly gradientError: number;
  readonly gradient: Gradient;
}

const number = (value: number): string => value.toExponential(1).padStart(7);
const ms = (value: number): string => value.toFixed(value < 100 ? 1 : 0);

process.stdout.write(
  '| model | batch | logits error | gradient error ÷ max | forward ms | forward + backward ms | |\n',
);
process.stdout.write('|---|---:|---:|---:|---:|---:|---|\n');
let failures = 0;
for (const name of readdirSync(folder).toSorted()) {
  const path = join(folder, name);
  if (!existsSync(join(path, 'model.onnx'))) continue;
  const model = await readModelFile(join(path, 'model.onnx'));
  for (const batch of batchesOf(model)) {
    const { cells, isGood } = await line(path, model, batch);
    if (!isGood) failures++;
    process.stdout.write(`| ${[name, batch, ...cells].join(' | ')} |\n`);
  }
}
process.stdout.write(`\n${failures === 0 ? 'all pass' : `${failures} failed`} at ${TOLERANCE}\n`);
process.exitCode = failures === 0 ? 0 : 1;

/** 1 and 2, or the only one that the file takes. */
function batchesOf({ file, externalFiles }: ModelFile): readonly number[] {
  const { graph } = decodeModel(file, readExternalFrom(externalFiles));
  const [input] = graph.inputs.filter(({ name }) => !graph.initializers.has(name));
  const [axis] = input?.shape ?? [];
  return typeof axis === 'number' && axis > 0 ? [axis] : [1, 2];
}

async function line(
  path: string,
  model: ModelFile,
  batch: number,
): Promise<{ cells: readonly string[]; isGood: boolean }> {
  try {
    const { logitsError, gradientError, gradient } = await rowOf(path, model, batch);
    const isGood = gradientError <= TOLERANCE && logitsError <= TOLERANCE && gradient.warnings.length === 0;
    const figures = [number(logitsError), number(gradientError), ms(gradient.forwardMs), ms(gradient.stepMs)];
    return { cells: [...figures, isGood ? 'pass' : ['FAIL', ...gradient.warnings].join('; ')], isGood };
  } catch (error) {
    return { cells: ['', '', '', '', `FAIL: ${(error as Error).message.slice(0, 300)}`], isGood: false };
  }
}

async function rowOf(path: string, model: ModelFile, batch: number): Promise<Row> {
  const array = (name: string): NpyArray => decodeNpy(readFileSync(join(path, `${name}.npy`)));
  const [input, target, logits, reference] = [array('x'), array('target'), array('y'), array('grad')];
  const count = input.shape[0] as number;
  const gradient = await computeGradient({
    model,
    input: firstOf(input, batch),
    inputName: undefined,
    otherInputs: new Map(),
    target: firstOf(target, batch),
    loss: 'cross-entropy',
    output: 'y',
    classAxis: 1,
    activation: 'none',
    reduction: 'mean',
    ignoreIndex: undefined,
    provider: 'cpu',
    runtime: { threads: usableCores(), allowSpinning: true },
    memoryBudgetBytes: 2 ** 34,
    timings: Number(values.timings),
  });
  // The reference is of the mean over all its examples; of fewer, each counts for more.
  const expected = Float32Array.from(firstOf(reference, batch).data, Number).map((value) => (value * count) / batch);
  return {
    logitsError: relativeError(gradient.output.data, Float32Array.from(firstOf(logits, batch).data, Number)),
    gradientError: relativeError(gradient.gradient.data, expected),
    gradient,
  };
}

function firstOf({ data, shape: [count = 1, ...rest] }: NpyArray, batch: number): NpyArray {
  return { data: data.subarray(0, (data.length / count) * batch), shape: [batch, ...rest] };
}

/** Largest difference, over the largest expected. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    const gap = Math.abs((actual[i] as number) - (expected[i] as number));
    difference = Math.max(difference, Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap);
    largest = Math.max(largest, Math.abs(expected[i] as number));
  }
  return difference / largest;
}
