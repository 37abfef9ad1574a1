import { keyedRandom } from '../../tensor/random.js';
import { type Shape, sizeOf, withoutAxes } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { ModelInfo, TaskInfo } from '../model-info.js';
import type { ExtraInputs, Network, ProgramInput } from '../network.js';
import { SAMPLE_LENGTH } from './sample-input.js';

/** Largest distance of an output from the CPU's, over the length of that: kernels that are wrong are off by far more. */
const OUTPUT_TOLERANCE = 1e-3;
/** The same of a gradient, in which an activation that rounding puts to the other side of a kink shows. */
const GRADIENT_TOLERANCE = 1e-2;

/**
 * Holds a network on a provider against the same on the CPU, on one seeded input: predictions, and, for `attack`, the gradient
 * of all tasks that have one. Axes of any length are tried with 64.
 *
 * @returns what differs; `undefined` where nothing does, or where the CPU does not run the sample either
 */
export async function disagreement(
  network: Network,
  reference: Network,
  role: 'serve' | 'attack',
): Promise<string | undefined> {
  const { info } = reference;
  const pixels = samplePixels(info);
  const extraInputs = sampleInputs(info, pixels.shape[0] as number);
  const expected = await reference.predict(pixels, extraInputs).catch(() => undefined);
  if (expected === undefined) return undefined;
  const outputs = await network.predict(pixels, extraInputs);
  for (const [task, tensor] of expected) {
    const problem = compare(`the output of ${task}`, outputs.get(task), tensor, OUTPUT_TOLERANCE);
    if (problem !== undefined) return problem;
  }
  return role === 'serve' ? undefined : await differentGradient(network, reference, pixels, extraInputs);
}

async function differentGradient(
  network: Network,
  reference: Network,
  pixels: Tensor,
  extraInputs: ExtraInputs,
): Promise<string | undefined> {
  const [batchSize = 1, ...inputShape] = pixels.shape;
  const tasks = reference.info.tasks.filter(({ attackable }) => attackable);
  if (tasks.length === 0) return undefined;
  const request = { tasks: tasks.map(({ name, loss }) => ({ task: name, loss })), inputShape, batchSize };
  const run = async (on: Network): Promise<Tensor> => {
    const { outputShapes } = await on.plan(inputShape);
    const shapes = tasks.map((task): [string, Shape] => [
      task.name,
      [batchSize, ...labelShape(task, outputShapes.get(task.name) ?? task.shape)],
    ]);
    const input: ProgramInput = {
      pixels,
      extraInputs,
      weights: new Float32Array(batchSize * tasks.length).fill(1),
      isBalanced: false,
      labels: new Map(shapes.map(([name, shape]) => [name, new Float32Array(sizeOf(shape))])),
      valid: new Map(shapes.map(([name, shape]) => [name, new Uint8Array(sizeOf(shape)).fill(1)])),
    };
    return (await (await on.program(request)).run(input)).gradient;
  };
  const expected = await run(reference).catch(() => undefined);
  if (expected === undefined) return undefined;
  return compare('the gradient', await run(network), expected, GRADIENT_TOLERANCE);
}

const labelShape = ({ labelForm, classAxis }: TaskInfo, shape: Shape): Shape =>
  labelForm === 'class' || labelForm === 'class-map' ? withoutAxes(shape, [classAxis]) : shape;

function samplePixels({ input, fixedBatch = 1 }: ModelInfo): Tensor {
  const shape = [fixedBatch, ...input.shape.map((length) => (length === -1 ? SAMPLE_LENGTH : length))];
  const random = keyedRandom('start', 1, 'provider', 0);
  return { data: new Float32Array(sizeOf(shape)).map(() => 255 * random()), shape };
}

/** Something for the inputs that differ per example. */
export function sampleInputs({ extraInputs }: ModelInfo, batch: number): ExtraInputs {
  return new Map(
    extraInputs.map(({ name, shape }): [string, Tensor] => {
      const full = [batch, ...shape.map((n) => (n === -1 ? 1 : n))];
      return [name, { data: new Float32Array(sizeOf(full)).fill(0.5), shape: full }];
    }),
  );
}

function compare(what: string, actual: Tensor | undefined, expected: Tensor, tolerance: number): string | undefined {
  let [squares, differences] = [0, 0];
  for (const [i, wanted] of expected.data.entries()) {
    const got = actual?.data[i] ?? Number.NaN;
    if (Object.is(got, wanted)) continue;
    if (Number.isFinite(wanted)) squares += wanted * wanted;
    differences += (got - wanted) ** 2;
  }
  const [distance, length] = [Math.sqrt(differences), Math.sqrt(squares)];
  // Where all is 0, so should the other be, but for rounding.
  if (distance <= tolerance * (length === 0 ? 1e-3 : length)) return undefined;
  return `${what} differs from the CPU's by ${distance.toPrecision(3)}, whose length is ${length.toPrecision(3)}`;
}
