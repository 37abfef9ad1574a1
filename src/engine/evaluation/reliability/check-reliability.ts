import type { Dataset, DatasetExample } from '../../datasets/dataset.js';
import { type AttackSpecRequest, resolveAttackSpec } from '../../runs/attack-spec.js';
import { isUnreadable } from '../plan.js';
import type { Doubt } from '../result.js';
import { rowOf } from '../row-of.js';
import type { AttackTarget } from '../target.js';
import type { CheckContext } from './check.js';
import { doubtsOfRows } from './doubts-of-rows.js';
import { reliabilityChecks } from './index.js';
import { runSample } from './sample-run.js';

export interface ReliabilityOptions {
  /** Number of examples, from the start of the dataset; those that cannot be read are left out. */
  readonly sample: number;
  readonly signal: AbortSignal;
}

/**
 * Reasons to doubt the figures of an attack, found on a few examples: about four times the work of attacking them. At ε = 0
 * there is no attack to judge, and only the model is.
 *
 * @throws EngineError as the target does.
 */
export async function checkReliability(
  target: AttackTarget,
  dataset: Dataset,
  attack: AttackSpecRequest,
  { sample, signal }: ReliabilityOptions,
): Promise<readonly Doubt[]> {
  const examples = await readSample(dataset, sample);
  if (examples.length === 0) return [];
  // Doubts do not hang on last bits: a few examples need no batch of full size.
  const request = { ...attack, batchSize: undefined, fullBatches: false };
  const labelled = new Set(examples.flatMap(({ labels }) => [...labels.keys()]));
  const spec = resolveAttackSpec(request, target.model, labelled);
  const rerun = (parameters: AttackSpecRequest['parameters']) =>
    runSample(target, { ...request, parameters: { ...request.parameters, ...parameters } }, examples, signal);
  const run = await rerun({});
  const context: CheckContext = { target, request, spec, examples, signal, run, rerun };
  const { NON_DETERMINISTIC, SOFTMAX_APPLIED } = reliabilityChecks;
  const checks = spec.parameters.epsilon > 0 ? Object.values(reliabilityChecks) : [NON_DETERMINISTIC, SOFTMAX_APPLIED];
  const doubts = [...doubtsOfRows(run.results.map((result, i) => rowOf(0, i, result)))];
  for (const check of checks) {
    const doubt = await check.check(context);
    if (doubt !== undefined) doubts.push(doubt);
  }
  return doubts;
}

async function readSample({ keys, read }: Dataset, size: number): Promise<readonly DatasetExample[]> {
  const examples: DatasetExample[] = [];
  for (const key of keys) {
    if (examples.length === size) break;
    try {
      examples.push(await read(key));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
  }
  return examples;
}
