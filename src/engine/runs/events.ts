import type { MetricValue } from '../metrics/metric.js';
import type { AttackField, LabelSource, ReplyTensor } from './job.js';

export type RunPhase = 'queued' | 'compiling' | 'attacking' | 'verifying';
export type TerminatedBy = 'completed' | 'early-stop' | 'deadline' | 'drain';

/** Something that makes figures less trustworthy than they look. */
export interface Warning {
  readonly reason: string;
  readonly message: string;
}

/** What a replay needs, beside the request. */
export interface Provenance {
  readonly modelSha256: string;
  readonly programVersion: string;
  readonly provider: string;
  readonly batchSize: number;
  readonly seed: number;
  /** Whose gradients they are, where not the model's own: the attack was a transfer. */
  readonly surrogate?: SurrogateIdentity | undefined;
}

/** The model that a transfer takes its gradients from. */
export interface SurrogateIdentity {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

export interface AttackProgress {
  readonly phase: RunPhase;
  readonly queuePosition: number;
  readonly examplesDone: number;
  readonly examplesTotal: number;
  readonly step: number;
  readonly steps: number;
  readonly restart: number;
  readonly restarts: number;
  /** Means over the examples that run now. */
  readonly losses: readonly { readonly task: string; readonly value: number }[];
  readonly objective: number;
  readonly gradientNorm: number;
  /** `undefined` where no task says when an example is broken. */
  readonly examplesBroken: number | undefined;
  readonly elapsedSeconds: number;
  readonly etaSeconds: number | undefined;
}

/** Norms of a perturbation, in levels. */
export interface PerturbationNorms {
  readonly linf: number;
  readonly l2: number;
}

export interface TaskOutcome {
  readonly task: string;
  readonly attacked: boolean;
  readonly labelSource: LabelSource;
  readonly clean: MetricValue;
  readonly adversarial: MetricValue;
  readonly adversarial8bit: MetricValue | undefined;
  readonly cleanLoss: number | undefined;
  readonly adversarialLoss: number | undefined;
  readonly broken: boolean | undefined;
  readonly cleanBroken: boolean | undefined;
}

/** Bytes that go with a result. */
export interface Payload {
  readonly field: AttackField;
  /** For label maps and raw outputs. */
  readonly task: string | undefined;
  readonly condition: 'clean' | 'adversarial' | undefined;
  readonly tensor: ReplyTensor;
}

export interface AttackResult {
  readonly key: string;
  readonly tasks: readonly TaskOutcome[];
  readonly perturbation: PerturbationNorms;
  readonly perturbation8bit: PerturbationNorms | undefined;
  readonly steps: number;
  readonly restart: number;
  readonly terminatedBy: TerminatedBy;
  readonly batchSize: number;
  readonly payloads: readonly Payload[];
  readonly warnings: readonly Warning[];
}

export interface AttackSummary {
  readonly terminatedBy: TerminatedBy;
  readonly tasks: readonly TaskOutcome[];
  readonly exampleCount: number;
  readonly examplesBroken: number | undefined;
  readonly imageSteps: number;
  /** Examples that were sent to a remote model, padding included: in search, when they were clean and to verify them. */
  readonly remoteQueries: number;
  readonly provenance: Provenance;
}

export type AttackEvent =
  | { readonly type: 'progress'; readonly progress: AttackProgress }
  | { readonly type: 'result'; readonly result: AttackResult }
  | { readonly type: 'summary'; readonly summary: AttackSummary };

/** Norms of a gradient, over the elements of one example, per level. */
export interface GradientNorms {
  readonly l1: number;
  readonly l2: number;
  readonly linf: number;
}

export interface TaskGradient {
  readonly task: string;
  readonly loss: number;
  readonly norms: GradientNorms;
  readonly labelSource: LabelSource;
}

export interface GradientNormProgress {
  readonly phase: RunPhase;
  readonly queuePosition: number;
  readonly gradientsDone: number;
  readonly gradientsTotal: number;
  readonly elapsedSeconds: number;
  readonly etaSeconds: number | undefined;
}

/** One example; matrices are row-major, M × M, tasks in the order of the spec. */
export interface GradientNormResult {
  readonly key: string;
  readonly tasks: readonly TaskGradient[];
  readonly jointMean: GradientNorms;
  readonly jointSum: GradientNorms;
  readonly gram: readonly number[];
  readonly cosine: readonly number[];
  readonly warnings: readonly Warning[];
}

export interface OutputSweepPoint {
  readonly outputCount: number;
  readonly meanL2: number;
  readonly standardDeviationL2: number;
  readonly sampleCount: number;
}

export interface GradientNormSummary {
  readonly tasks: readonly TaskGradient[];
  readonly jointMean: GradientNorms;
  readonly jointSum: GradientNorms;
  readonly theorem1Factor: number | undefined;
  /** Empty where the factor is there. */
  readonly theorem1AbsentReason: string;
  readonly gramFactor: number | undefined;
  readonly meanGram: readonly number[];
  readonly terminatedBy: TerminatedBy;
  readonly provenance: Provenance;
}

export type GradientNormEvent =
  | { readonly type: 'progress'; readonly progress: GradientNormProgress }
  | { readonly type: 'result'; readonly result: GradientNormResult }
  | { readonly type: 'sweep-point'; readonly point: OutputSweepPoint }
  | { readonly type: 'summary'; readonly summary: GradientNormSummary };
