import type { Dataset } from '../../datasets/dataset.js';
import type { AttackSpecRequest } from '../../runs/attack-spec.js';
import type { Doubt } from '../result.js';
import type { AttackTarget } from '../target.js';

export interface ReliabilityOptions {
  /** Number of examples, from the start of the dataset. */
  readonly sample: number;
  readonly signal: AbortSignal;
}

/** Reasons to doubt the figures of an attack, found on a sample. */
export async function checkReliability(
  target: AttackTarget,
  dataset: Dataset,
  attack: AttackSpecRequest,
  options: ReliabilityOptions,
): Promise<readonly Doubt[]> {
  void [target, dataset, attack, options];
  return [];
}
