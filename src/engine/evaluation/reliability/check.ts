import type { DatasetExample } from '../../datasets/dataset.js';
import type { AttackSpecRequest } from '../../runs/attack-spec.js';
import type { AttackSpec } from '../../runs/spec.js';
import type { Doubt } from '../result.js';
import type { AttackTarget } from '../target.js';
import type { SampleRun } from './sample-run.js';

/** What the checks of one attack share. */
export interface CheckContext {
  readonly target: AttackTarget;
  readonly request: AttackSpecRequest;
  readonly spec: AttackSpec;
  readonly examples: readonly DatasetExample[];
  readonly signal: AbortSignal;
  /** The attack as it is. */
  readonly run: SampleRun;
  /** The attack with other parameters. */
  rerun(parameters: AttackSpecRequest['parameters']): Promise<SampleRun>;
}

/** A reason that figures look better than they are, and how it shows on a sample. */
export interface ReliabilityCheck {
  /** What speaks for it; `undefined` where nothing does. */
  check(context: CheckContext): Promise<Doubt | undefined>;
}

/** Share of what an attack achieves that another try may add before the attack counts as too weak. */
export const MATERIAL_SHARE = 0.1;
