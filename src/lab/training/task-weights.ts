import { EngineError } from '../../engine/index.js';
import type { TrainingConfig } from './training-config.js';

/**
 * How much each trained task counts, in the order of the model: main tasks 1 over their number, auxiliary ones λ over theirs,
 * or all of them 1 over their number; a weight that is given replaces what follows from that.
 * Source: eq. 2 of "Multitask Learning Strengthens Adversarial Robustness", ECCV 2020 (arXiv:2007.07236), with the mean of
 * several auxiliary tasks as the authors' code has it.
 *
 * @param names tasks of the model
 * @throws EngineError `INVALID_CONFIG`. Thrown when a task is named that the model does not have, or weighed that is not trained.
 */
export function taskWeights(
  { main, auxiliary, lambda, equally, weights }: TrainingConfig['tasks'],
  names: readonly string[],
): ReadonlyMap<string, number> {
  const mains = main.length > 0 ? main : names;
  const trained = new Map<string, number>();
  for (const name of mains) trained.set(name, 1 / (equally ? mains.length + auxiliary.length : mains.length));
  for (const name of auxiliary)
    trained.set(name, equally ? 1 / (mains.length + auxiliary.length) : lambda / auxiliary.length);
  const unknown = [...trained.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined) refuse(`tasks of the model (${names.join(', ')})`, unknown);
  for (const [name, weight] of Object.entries(weights)) {
    if (!trained.has(name)) refuse(`weights of trained tasks (${[...trained.keys()].join(', ')})`, name);
    trained.set(name, weight);
  }
  return new Map(names.flatMap((name) => (trained.has(name) ? [[name, trained.get(name) as number]] : [])));
}

function refuse(expected: string, got: string): never {
  throw new EngineError('INVALID_CONFIG', `tasks: expected ${expected}, got ${got}`);
}
