import type { Tensor } from '../tensor/tensor.js';

/** Smallest and largest legal pixel, in levels: [0, 255]. */
export const PIXEL_RANGE = [0, 255] as const;

export type Norm = 'linf' | 'l2';
export type RandomStart = 'none' | 'uniform' | 'upper-corner';
/** Order of the axes of images. */
export type ImageLayout = 'NCHW' | 'NHWC';
export type HoudiniPush = 'analytic' | 'one-sided';

/** What a program says at some pixels, for N examples and T tasks. */
export interface Evaluation {
  /** Shape [N, T]. */
  readonly losses: Tensor;
  /** Shape [N, T]: how far each example is gone, larger is worse; for classification, > 0 means broken. */
  readonly scores: Tensor;
  /** What attacks increase, shape [N]. */
  readonly objective: Float32Array;
  /** Its gradient per level (for `sign-sum` the sum of signs), shape of the pixels; 0 everywhere from a source that knows none. */
  readonly gradient: Tensor;
}

/** A program joined with the labels and the objective of one batch: all that an attack knows of the model. */
export interface GradientSource {
  /**
   * At `pixels`, in levels, shape [N, …].
   *
   * @param isNeeded whether anybody wants to know of a row: of others a source may say anything. Default: of all
   */
  evaluate(pixels: Tensor, signal: AbortSignal, isNeeded?: (row: number) => boolean): Promise<Evaluation>;
}

/** The parameters of an attack, all filled in. */
export interface AttackParameters {
  /** Radius of the ball, in levels of 255, for both norms: [0, ∞). */
  readonly epsilon: number;
  /** Length of a step, in levels of 255: (0, ∞). */
  readonly stepSize: number;
  /** Gradient evaluations of each restart, or queries of an attack without gradients: an integer ≥ 1. */
  readonly steps: number;
  /** Tries from different random starts: an integer ≥ 1. */
  readonly restarts: number;
  readonly randomStart: RandomStart;
  /** Decay μ of the accumulated gradient: [0, ∞). */
  readonly decay: number;
  /** Whether the accumulated gradient is first divided by its L1 norm. */
  readonly normalizeGradient: boolean;
  readonly norm: Norm;
  /** What the Houdini loss does where the model is right. */
  readonly houdiniPush: HoudiniPush;
  readonly iterate: 'last' | 'best';
  readonly earlyStop: boolean;
}

export interface AttackInput {
  readonly source: GradientSource;
  /** Clean pixels in levels, shape [N, …], inside [0, 255]. */
  readonly clean: Tensor;
  /** Key of each example, N in all: its random draws depend on it, never on its place in the batch. */
  readonly keys: readonly string[];
  /** Seed of the run: 0 … 2³² − 1. */
  readonly seed: number;
  /** Number of earlier tries from other random starts, 0 at first; one for each row where tries run together. */
  readonly restart: number | readonly number[];
  readonly parameters: AttackParameters;
  /** Of images; `undefined` for features. */
  readonly layout?: ImageLayout | undefined;
  readonly signal: AbortSignal;
}

/** One step of an attack. */
export interface AttackStep {
  /** Steps done, from 1 on. */
  readonly step: number;
  /** Where this step's gradient was taken, or its query made. */
  readonly before: Tensor;
  /** What the program said there. */
  readonly evaluation: Evaluation;
  /** The adversarial batch should the run end here, inside the ball and the range. */
  readonly pixels: Tensor;
}

/**
 * Yields after every step; the last `pixels` are the result.
 *
 * @throws the signal's reason. Thrown before the next step once the signal is aborted.
 */
export type AttackRun = AsyncGenerator<AttackStep, void, void>;

/** Defaults that an attack may set; the others are those of `attackDefaults`. */
export type AttackDefaults = Readonly<Partial<AttackParameters>>;

export interface Attack {
  readonly defaults: AttackDefaults;
  /** The defaults under `mtrobust-compat`, where they differ. */
  readonly compatDefaults: AttackDefaults;
  /** Parameters that have no meaning for this attack: a request that gives one is wrong. */
  readonly ignores: readonly (keyof AttackParameters)[];
  /** The loss that it increases where the request names none; by default that of the task. */
  readonly loss?: string;
  /** The loss that it increases of tasks with one class per example, where the request names none and nothing is targeted or balanced. */
  readonly untargetedLoss?: string;
  /** The norms that it is defined for. Default: all. */
  readonly norms?: readonly Norm[];
  /**
   * Whether it reads losses and scores alone, and needs no gradient. Its steps are queries, and its `pixels` are always the best
   * point that it has asked about.
   */
  readonly isBlackBox?: boolean;
  run(input: AttackInput): AttackRun;
}
