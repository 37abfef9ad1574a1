import type { AttackProgress, Provenance } from '../runs/events.js';
import type { Doubt } from './result.js';
import type { EvaluationRow, SkippedExample } from './row.js';

export interface EvaluationProgress {
  /** Place of the attack in the suite, from 0 on. */
  readonly attack: number;
  readonly attacks: number;
  /** Its text form. */
  readonly spec: string;
  /** Of this attack, by this run or an earlier one, skipped ones included. */
  readonly examplesDone: number;
  readonly examplesTotal: number;
  readonly elapsedSeconds: number;
  /** Of all attacks; `undefined` until something is known. */
  readonly etaSeconds: number | undefined;
  /** What the target says of the examples that it has now. */
  readonly target: AttackProgress | undefined;
}

export type EvaluationEvent =
  | { readonly type: 'progress'; readonly progress: EvaluationProgress }
  | { readonly type: 'row'; readonly row: EvaluationRow; readonly adversarialPng: Uint8Array | undefined }
  /** Once for each example, whatever the number of attacks. */
  | { readonly type: 'skipped'; readonly skipped: SkippedExample }
  /** What the checks on a sample say of an attack. */
  | { readonly type: 'doubts'; readonly attack: number; readonly doubts: readonly Doubt[] }
  /** The last one. `provenance` is `undefined` where nothing was left to do. */
  | { readonly type: 'done'; readonly provenance: Provenance | undefined };

export interface EvaluateOptions {
  readonly signal: AbortSignal;
  /** Whether a row was written before: a resumed run goes on without it. */
  done(attack: number, index: number): boolean;
  /** Whether the reliability of an attack was checked before. */
  checked(attack: number): boolean;
  /** Milliseconds since any fixed moment, never going back. */
  now(): number;
}
