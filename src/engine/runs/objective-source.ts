import type { Evaluation, GradientSource } from '../attacks/attack.js';
import type { ExtraInputs, GradientProgram, ProgramOutput } from '../models/network.js';
import type { Tensor } from '../tensor/tensor.js';
import type { KnownLabels } from './labels.js';
import type { Pace } from './pace.js';
import type { Objective } from './spec.js';

/** Losses are taken for no less than this where an objective is balanced. */
const SMALLEST_LOSS = 1e-12;

/** Labels of a batch, as a program takes them. */
export interface BatchLabels {
  readonly labels: ReadonlyMap<string, Float32Array>;
  readonly valid: ReadonlyMap<string, Uint8Array>;
}

/** Labels of the tasks of a program; an example without one gets an invalid one, and rows that are missing repeat the first. */
export function batchLabels(
  examples: readonly KnownLabels[],
  tasks: readonly string[],
  sizes: ReadonlyMap<string, number>,
  batchSize: number,
): BatchLabels {
  const labels = new Map<string, Float32Array>();
  const valid = new Map<string, Uint8Array>();
  for (const task of tasks) {
    const size = sizes.get(task) ?? 0;
    const data = new Float32Array(size * batchSize);
    const mask = new Uint8Array(size * batchSize);
    for (let n = 0; n < batchSize; n++) {
      const label = (examples[n] ?? examples[0])?.get(task);
      if (label === undefined) continue;
      // What does not count must still be a number: NaN would survive a cast.
      data.set(
        label.data.map((value, i) => (label.valid[i] === 1 ? value : 0)),
        n * size,
      );
      mask.set(label.valid, n * size);
    }
    labels.set(task, data);
    valid.set(task, mask);
  }
  return { labels, valid };
}

export interface ObjectiveSourceOptions {
  readonly program: GradientProgram;
  readonly objective: Objective;
  /** Whether losses are lowered instead of raised. */
  readonly targeted: boolean;
  readonly labels: BatchLabels;
  readonly extraInputs: ExtraInputs;
  readonly pace: Pick<Pace, 'call'>;
  /** Told of examples whose gradient is 0 everywhere, or not finite somewhere, by index. */
  onOddGradient(example: number, kind: 'zero' | 'not-finite'): void;
}

/**
 * A program with an objective, as attacks see it. `sum` and `balanced` take one native call; `sign-sum` takes one per task,
 * for its signs are of each task's own gradient.
 */
export function objectiveSource(options: ObjectiveSourceOptions): GradientSource {
  const { program, objective, targeted, labels, extraInputs, pace } = options;
  const sign = targeted ? -1 : 1;
  const lambdas = objective.tasks.map(({ weight }) => sign * weight);

  const run = (pixels: Tensor, weights: readonly number[], isBalanced: boolean): Promise<ProgramOutput> =>
    pace.call('step', () =>
      program.run({
        pixels,
        extraInputs,
        weights: repeated(weights, program.batchSize),
        isBalanced,
        ...labels,
      }),
    );

  async function signSum(pixels: Tensor): Promise<ProgramOutput> {
    let first: ProgramOutput | undefined;
    const votes = new Float32Array(pixels.data.length);
    for (const [c, lambda] of lambdas.entries()) {
      const output = await run(
        pixels,
        lambdas.map((_, other) => Number(other === c)),
        false,
      );
      const gradient = repaired(output.gradient, options);
      for (let i = 0; i < votes.length; i++)
        votes[i] = (votes[i] as number) + lambda * Math.sign(gradient.data[i] as number);
      first ??= output;
    }
    return { ...(first as ProgramOutput), gradient: { data: votes, shape: pixels.shape } };
  }

  return {
    async evaluate(pixels): Promise<Evaluation> {
      const isSignSum = objective.combination === 'sign-sum';
      const output = isSignSum
        ? await signSum(pixels)
        : await run(pixels, lambdas, objective.combination === 'balanced');
      return {
        losses: output.losses,
        scores: output.scores,
        objective: objectiveValues(output.losses, lambdas, objective.combination === 'balanced'),
        gradient: isSignSum ? output.gradient : repaired(output.gradient, options),
      };
    },
  };
}

const repeated = (row: readonly number[], count: number): Float32Array =>
  Float32Array.from({ length: row.length * count }, (_, i) => row[i % row.length] as number);

/** Σ λ_c L_c, or Σ λ_c log L_c where it is balanced: what the direction climbs. */
export function objectiveValues(
  { data, shape: [count = 0, tasks = 0] }: Tensor,
  lambdas: readonly number[],
  isBalanced: boolean,
): Float32Array {
  return Float32Array.from({ length: count }, (_, n) =>
    lambdas.reduce((sum, lambda, c) => {
      const loss = data[n * tasks + c] as number;
      return sum + lambda * (isBalanced ? Math.log(Math.max(loss, SMALLEST_LOSS)) : loss);
    }, 0),
  );
}

/** The gradient with 0 for what is not finite: an attack that follows NaN ends nowhere. */
function repaired(gradient: Tensor, { onOddGradient }: Pick<ObjectiveSourceOptions, 'onOddGradient'>): Tensor {
  const [count = 1] = gradient.shape;
  const size = gradient.data.length / count;
  let copy: Float32Array | undefined;
  for (let n = 0; n < count; n++) {
    let [isZero, allFinite] = [true, true];
    for (let i = n * size; i < (n + 1) * size; i++) {
      const value = gradient.data[i] as number;
      if (value !== 0) isZero = false;
      if (!Number.isFinite(value)) {
        allFinite = false;
        copy ??= gradient.data.slice();
        copy[i] = 0;
      }
    }
    if (!allFinite) onOddGradient(n, 'not-finite');
    else if (isZero) onOddGradient(n, 'zero');
  }
  return copy === undefined ? gradient : { data: copy, shape: gradient.shape };
}
