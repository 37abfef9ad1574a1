import type { AttackStep, GradientSource, ImageLayout } from '../attacks/attack.js';
import { findAttack } from '../attacks/methods/index.js';
import { l2Norm } from '../attacks/norms.js';
import { examplesOf, type Tensor } from '../tensor/tensor.js';
import type { TerminatedBy } from './events.js';
import type { AttackSpec } from './spec.js';

/** Where the attack on an example ended. */
export interface Candidate {
  readonly pixels: Float32Array;
  readonly objective: number;
  readonly isBroken: boolean;
  readonly restart: number;
}

/** What the attack on one example of a batch came to. */
export interface ExampleOutcome {
  readonly pixels: Float32Array;
  /** Made in all restarts: gradients followed, or queries of an attack without gradients. */
  readonly steps: number;
  readonly restart: number;
  readonly terminatedBy: TerminatedBy;
}

/** A step of a batch, for progress. */
export interface StepReport {
  readonly step: number;
  /** The first of the restarts that run. */
  readonly restart: number;
  /** How many of them run. */
  readonly together: number;
  /** Means over the examples and these restarts. */
  readonly losses: readonly number[];
  readonly objective: number;
  readonly gradientNorm: number;
  readonly examplesBroken: number | undefined;
}

export interface AttackBatchInput {
  readonly spec: AttackSpec;
  readonly source: GradientSource;
  /** Levels, padded to the program's batch. */
  readonly clean: Tensor;
  /** Keys of the examples that are no padding. */
  readonly keys: readonly string[];
  /** How many restarts run at a time, each with rows of its own; 1 where `earlyStop` is asked for. */
  readonly together: number;
  /** For each attacked task: whether a score above 0 means that the example is broken. */
  readonly breaksAboveZero: readonly boolean[];
  /** Of images; `undefined` for features. */
  readonly layout?: ImageLayout | undefined;
  readonly signal: AbortSignal;
  /** Asked before every step. */
  stopReason(): 'deadline' | 'drain' | undefined;
}

/**
 * Runs all restarts of an attack on one batch, `together` of them at a time: row r · N + n of the clean levels is example n, for
 * the r-th of these. What comes out is what would if they ran one after the other.
 */
export async function* attackBatch(
  input: AttackBatchInput,
): AsyncGenerator<StepReport, readonly ExampleOutcome[], void> {
  const { spec, source, clean, keys, together, signal } = input;
  const { parameters } = spec;
  const count = keys.length;
  const attack = findAttack(spec.attack);
  const { isBlackBox = false } = attack;
  const tries = new Array<Candidate | undefined>(count).fill(undefined);
  const seen = new Array<Candidate | undefined>(count).fill(undefined);
  const frozen = new Array<Candidate | undefined>(count).fill(undefined);
  const steps = new Array<number>(count).fill(0);
  let stopped: 'deadline' | 'drain' | undefined;

  for (let first = 0; first < parameters.restarts && stopped === undefined; first += together) {
    stopped = input.stopReason();
    if (stopped !== undefined || frozen.every((candidate) => candidate !== undefined)) break;
    const tried = rowsOfTries(input, first);
    const isNeeded = (row: number): boolean => row < tried.count && frozen[row % count] === undefined;
    const asked: GradientSource = { evaluate: (pixels) => source.evaluate(pixels, signal, isNeeded) };
    const run = attack.run({
      source: asked,
      clean,
      ...tried,
      seed: spec.seed,
      parameters,
      layout: input.layout,
      signal,
    });
    const rows = tried.keys.slice(0, tried.count);
    // Of each row, what this time has shown; restarts are compared in their order when it ends.
    const seenByRow = new Array<Candidate | undefined>(tried.count).fill(undefined);
    let last: AttackStep | undefined;
    for await (const step of run) {
      last = step;
      const found = candidatesOf(step.before, step.evaluation, tried.restart, input);
      for (const row of rows.keys()) {
        const n = row % count;
        if (frozen[n] !== undefined) continue;
        const candidate = found(row, seenByRow[row]);
        seenByRow[row] = candidate;
        if (parameters.earlyStop && candidate.isBroken) frozen[n] = candidate;
        // The step that finds an example broken goes nowhere, but a query that does was made.
        if (frozen[n] === undefined || isBlackBox) steps[n] = (steps[n] as number) + 1;
      }
      yield reportOf(step, first, tried.count / count, input);
      if (frozen.every((candidate) => candidate !== undefined)) break;
      if (step.step < parameters.steps) stopped = input.stopReason();
      if (stopped !== undefined) break;
    }
    for (const row of rows.keys()) seen[row % count] = best(seen[row % count], seenByRow[row]);
    if (last === undefined || stopped !== undefined) continue;
    // The last iterate was never judged: it needs to be only where there is a choice.
    const isOnlyTry = parameters.restarts === 1 && parameters.iterate === 'last';
    const evaluation = isOnlyTry || isBlackBox ? undefined : await source.evaluate(last.pixels, signal);
    const lastRows = examplesOf(last.pixels);
    for (const row of rows.keys()) {
      const n = row % count;
      if (frozen[n] !== undefined) continue;
      if (isBlackBox) {
        tries[n] = best(tries[n], seenByRow[row]);
        continue;
      }
      const final =
        evaluation === undefined
          ? { pixels: lastRows[row] as Float32Array, objective: 0, isBroken: false, restart: first }
          : candidatesOf(last.pixels, evaluation, tried.restart, input)(row, undefined);
      tries[n] = better(tries[n], parameters.iterate === 'best' ? better(seenByRow[row], final) : final);
    }
  }

  const cleanRows = examplesOf(clean);
  return keys.map((_, n): ExampleOutcome => {
    const chosen = frozen[n] ?? (stopped === undefined ? tries[n] : best(tries[n], seen[n]));
    return {
      pixels: chosen?.pixels ?? (cleanRows[n] as Float32Array),
      steps: steps[n] as number,
      restart: chosen?.restart ?? 0,
      terminatedBy: frozen[n] !== undefined ? 'early-stop' : (stopped ?? 'completed'),
    };
  });
}

/** Keys and restarts of the rows of a batch, of which `count` are no padding. */
function rowsOfTries(
  { clean, keys, together, spec }: AttackBatchInput,
  first: number,
): { readonly keys: readonly string[]; readonly restart: readonly number[]; readonly count: number } {
  const tries = Math.min(together, spec.parameters.restarts - first);
  const rows = Array.from({ length: clean.shape[0] ?? 0 }, (_, row) => row);
  const count = tries * keys.length;
  // Padding repeats the first row.
  return {
    keys: rows.map((row) => (row < count ? (keys[row % keys.length] as string) : (keys[0] as string))),
    restart: rows.map((row) => (row < count ? first + Math.floor(row / keys.length) : first)),
    count,
  };
}

const best = (a: Candidate | undefined, b: Candidate | undefined): Candidate | undefined =>
  b === undefined ? a : better(a, b);

/** The candidate that is broken where the other is not, else that of higher objective, else the first. */
function better(a: Candidate | undefined, b: Candidate): Candidate {
  if (a === undefined) return b;
  if (a.isBroken !== b.isBroken) return a.isBroken ? a : b;
  return b.objective > a.objective ? b : a;
}

/** Gives the better of an example's earlier candidate and the one at `pixels`, which is copied only if it wins. */
function candidatesOf(
  pixels: Tensor,
  { objective, scores }: AttackStep['evaluation'],
  restarts: readonly number[],
  { breaksAboveZero, spec }: AttackBatchInput,
): (n: number, earlier: Candidate | undefined) => Candidate {
  const rows = examplesOf(pixels);
  const tasks = breaksAboveZero.length;
  return (n, earlier) => {
    const isBroken = isScoreBroken(scores.data.subarray(n * tasks, (n + 1) * tasks), breaksAboveZero, spec.targeted);
    const restart = restarts[n] ?? 0;
    const candidate = { pixels: rows[n] as Float32Array, objective: objective[n] as number, isBroken, restart };
    return better(earlier, candidate);
  };
}

/** Whether every attacked task that says when it is broken is; of a targeted attack, whether every target is reached. */
function isScoreBroken(scores: Float32Array, breaksAboveZero: readonly boolean[], targeted: boolean): boolean {
  if (!breaksAboveZero.includes(true)) return false;
  return breaksAboveZero.every(
    (says, c) => !says || (targeted ? (scores[c] as number) < 0 : (scores[c] as number) > 0),
  );
}

function reportOf(
  { step, evaluation }: AttackStep,
  restart: number,
  together: number,
  { keys, breaksAboveZero, spec }: AttackBatchInput,
): StepReport {
  const count = keys.length * together;
  const rows = Array.from({ length: count }, (_, row) => row);
  const tasks = breaksAboveZero.length;
  const mean = (f: (row: number) => number): number => rows.reduce((sum, row) => sum + f(row), 0) / count;
  const gradients = examplesOf(evaluation.gradient);
  const isBroken = (row: number): boolean =>
    isScoreBroken(evaluation.scores.data.subarray(row * tasks, (row + 1) * tasks), breaksAboveZero, spec.targeted);
  const broken = keys.filter((_, n) => rows.some((row) => row % keys.length === n && isBroken(row)));
  return {
    step,
    restart,
    together,
    losses: breaksAboveZero.map((_, c) => mean((row) => evaluation.losses.data[row * tasks + c] as number)),
    objective: mean((row) => evaluation.objective[row] as number),
    gradientNorm: mean((row) => l2Norm(gradients[row] as Float32Array)),
    examplesBroken: breaksAboveZero.includes(true) ? broken.length : undefined,
  };
}
