import type { AttackStep, GradientSource } from '../attacks/attack.js';
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
  readonly steps: number;
  readonly restart: number;
  readonly terminatedBy: TerminatedBy;
}

/** A step of a batch, for progress. */
export interface StepReport {
  readonly step: number;
  readonly restart: number;
  /** Means over the examples. */
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
  /** For each attacked task: whether a score above 0 means that the example is broken. */
  readonly breaksAboveZero: readonly boolean[];
  readonly signal: AbortSignal;
  /** Asked before every step. */
  stopReason(): 'deadline' | 'drain' | undefined;
}

/** Runs all restarts of an attack on one batch. */
export async function* attackBatch(
  input: AttackBatchInput,
): AsyncGenerator<StepReport, readonly ExampleOutcome[], void> {
  const { spec, source, clean, keys, signal } = input;
  const { parameters } = spec;
  const count = keys.length;
  const attack = findAttack(spec.attack);
  const tries = new Array<Candidate | undefined>(count).fill(undefined);
  const seen = new Array<Candidate | undefined>(count).fill(undefined);
  const frozen = new Array<Candidate | undefined>(count).fill(undefined);
  const steps = new Array<number>(count).fill(0);
  let stopped: 'deadline' | 'drain' | undefined;

  for (let restart = 0; restart < parameters.restarts && stopped === undefined; restart++) {
    stopped = input.stopReason();
    if (stopped !== undefined || frozen.every((candidate) => candidate !== undefined)) break;
    const padded = Array.from({ length: clean.shape[0] ?? 0 }, (_, n) => keys[n] ?? (keys[0] as string));
    const run = attack.run({ source, clean, keys: padded, seed: spec.seed, restart, parameters, signal });
    let last: AttackStep | undefined;
    for await (const step of run) {
      last = step;
      const found = candidatesOf(step.before, step.evaluation, restart, input);
      for (let n = 0; n < count; n++) {
        if (frozen[n] !== undefined) continue;
        const candidate = found(n, seen[n]);
        seen[n] = candidate;
        if (parameters.earlyStop && candidate.isBroken) frozen[n] = candidate;
        else steps[n] = (steps[n] as number) + 1;
      }
      yield reportOf(step, restart, input);
      if (frozen.every((candidate) => candidate !== undefined)) break;
      if (step.step < parameters.steps) stopped = input.stopReason();
      if (stopped !== undefined) break;
    }
    if (last === undefined || stopped !== undefined) continue;
    // The last iterate was never judged: it needs to be only where there is a choice.
    const isOnlyTry = parameters.restarts === 1 && parameters.iterate === 'last';
    const evaluation = isOnlyTry ? undefined : await source.evaluate(last.pixels, signal);
    const rows = examplesOf(last.pixels);
    for (let n = 0; n < count; n++) {
      if (frozen[n] !== undefined) continue;
      const final =
        evaluation === undefined
          ? { pixels: rows[n] as Float32Array, objective: 0, isBroken: false, restart }
          : candidatesOf(last.pixels, evaluation, restart, input)(n, undefined);
      tries[n] = better(tries[n], parameters.iterate === 'best' ? better(seen[n], final) : final);
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
  restart: number,
  { breaksAboveZero, spec }: AttackBatchInput,
): (n: number, earlier: Candidate | undefined) => Candidate {
  const rows = examplesOf(pixels);
  const tasks = breaksAboveZero.length;
  return (n, earlier) => {
    const isBroken = isScoreBroken(scores.data.subarray(n * tasks, (n + 1) * tasks), breaksAboveZero, spec.targeted);
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
  { keys, breaksAboveZero, spec }: AttackBatchInput,
): StepReport {
  const count = keys.length;
  const tasks = breaksAboveZero.length;
  const mean = (f: (n: number) => number): number => keys.reduce((sum, _, n) => sum + f(n), 0) / count;
  const gradients = examplesOf(evaluation.gradient);
  const broken = keys.filter((_, n) =>
    isScoreBroken(evaluation.scores.data.subarray(n * tasks, (n + 1) * tasks), breaksAboveZero, spec.targeted),
  );
  return {
    step,
    restart,
    losses: breaksAboveZero.map((_, c) => mean((n) => evaluation.losses.data[n * tasks + c] as number)),
    objective: mean((n) => evaluation.objective[n] as number),
    gradientNorm: mean((n) => l2Norm(gradients[n] as Float32Array)),
    examplesBroken: breaksAboveZero.includes(true) ? broken.length : undefined,
  };
}
