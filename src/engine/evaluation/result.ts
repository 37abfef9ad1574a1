import type { Provenance } from '../runs/events.js';
import type { SkippedExample } from './row.js';

/** A metric over examples, with its uncertainty. */
export interface Figure {
  /** Absent where nothing counts. */
  readonly value?: number;
  /** Bounds of a 95 % confidence interval over examples; absent with fewer than 2 examples. */
  readonly lower?: number;
  readonly upper?: number;
}

/** One task under one attack. */
export interface TaskFigures {
  readonly task: string;
  readonly attacked: boolean;
  readonly metric: string;
  readonly unit: string;
  readonly higherIsBetter: boolean;
  /** Examples with a label. */
  readonly examples: number;
  readonly clean: Figure;
  readonly adversarial: Figure;
  readonly adversarial8bit?: Figure;
  readonly cleanLoss?: number;
  readonly adversarialLoss?: number;
  /** Examples that are broken, and those that were before the attack; absent where nothing says when an example is. */
  readonly broken?: number;
  readonly cleanBroken?: number;
  /** For mIoU: intersection over union of each class; `null` for a class that neither occurs nor is predicted. */
  readonly perClass?: readonly {
    readonly name: string;
    readonly clean: number | null;
    readonly adversarial: number | null;
  }[];
}

/** Whether a figure should be trusted: a reason by its stable name, and a sentence for people. */
export interface Doubt {
  readonly reason: string;
  readonly message: string;
}

/** One attack over the dataset. */
export interface AttackFigures {
  /** `pgd(steps=50,eps=4)@sum(segmentation=1,depth=1)`. */
  readonly spec: string;
  readonly attack: string;
  /** The objective alone: `sum(segmentation=1,depth=1)`. */
  readonly objective: string;
  /** In levels of 255. */
  readonly epsilon: number;
  readonly examples: number;
  readonly tasks: readonly TaskFigures[];
  /** Examples with a broken attacked task; absent where no attacked task says when it is. */
  readonly broken?: number;
  /** `suspect` figures are never shown as good ones. */
  readonly verdict: 'ok' | 'suspect';
  readonly doubts: readonly Doubt[];
  /** Whether a sample was checked for doubts; absent where only the rows were looked at. */
  readonly checked?: boolean;
  /** Keys of the examples that lost most, the worst first: at most 8. */
  readonly worst: readonly string[];
}

/** What decides the figures of an evaluation, and nothing else: runs with the same one have the same rows. */
export interface EvaluationIdentity {
  readonly model: { readonly name: string; readonly version: string; readonly sha256: string };
  readonly dataset: { readonly name: string; readonly kind: string; readonly digest: string; readonly size: number };
  /** Attacks in the text form, in order. */
  readonly suite: readonly string[];
  readonly seed: number;
  readonly labelFree: boolean;
  /** Number of examples from the start of the dataset that are evaluated. */
  readonly limit: number;
}

/** What `result.json` says. Figures depend on the identity and the rows alone. */
export interface EvaluationResult {
  readonly schemaVersion: 1;
  readonly robustgate: string;
  readonly identity: EvaluationIdentity;
  readonly provenance: Omit<Provenance, 'modelSha256' | 'seed'>;
  readonly attacks: readonly AttackFigures[];
  readonly skipped: readonly SkippedExample[];
  /** Of all attacks together. */
  readonly verdict: 'ok' | 'suspect';
  readonly gates: readonly GateOutcome[];
  readonly baseline?: BaselineComparison;
  readonly startedAt: string;
  readonly durationSeconds: number;
  /** What later evaluations are compared with, example by example. */
  readonly examples: readonly ExampleSums[];
}

/**
 * The sums of one task of one example: [count, sum], and for mIoU behind them, for each class that occurs or is predicted,
 * the class, the positions where label and prediction agree on it, and those where either is it.
 */
export type Sums = readonly number[];

/** What an example adds to the metrics. */
export interface ExampleSums {
  readonly key: string;
  /** By task. */
  readonly clean: Readonly<Record<string, Sums>>;
  /** By attack of the suite, then by task. */
  readonly adversarial: readonly Readonly<Record<string, Sums>>[];
}

export type GateVerdict = 'pass' | 'regression' | 'inconclusive';

export interface GateOutcome {
  /** As it was given. */
  readonly gate: string;
  readonly verdict: GateVerdict;
  readonly message: string;
}

/** A paired comparison with an earlier evaluation of the same examples. */
export interface BaselineComparison {
  readonly model: EvaluationIdentity['model'];
  readonly verdict: GateVerdict;
  readonly tasks: readonly {
    readonly spec: string;
    readonly task: string;
    readonly metric: string;
    readonly before: number;
    readonly after: number;
    /** `mcnemar` or `paired-bootstrap`. */
    readonly test: string;
    readonly pairs: number;
    /** Of the two-sided test. */
    readonly pValue: number;
    readonly verdict: GateVerdict;
    readonly message: string;
  }[];
}
