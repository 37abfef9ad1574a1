import type { Dataset } from '../datasets/dataset.js';
import { EngineError } from '../errors.js';
import { type AttackSpecRequest, resolveAttackSpec } from '../runs/attack-spec.js';
import { formatSpec } from '../runs/format-spec.js';
import type { AttackSpec } from '../runs/spec.js';
import type { EvaluationIdentity } from './result.js';
import type { TargetModel } from './target.js';

/** What to evaluate. */
export interface EvaluationPlan {
  /** In order. Their seed, batch size and `labelFree` are not read: those of the plan hold. */
  readonly attacks: readonly AttackSpecRequest[];
  readonly labelFree: boolean;
  /** 0 … 2³² − 1. */
  readonly seed: number;
  /** Number of examples from the start of the dataset; `undefined` means all. */
  readonly limit: number | undefined;
  /** Which examples are this run's: those whose index is `index` modulo `count`. */
  readonly shard: Shard | undefined;
  /** Whether rows come with adversarial pictures. */
  readonly pictures: boolean;
  /** Number of examples that reliability is checked on, at the start of the dataset and by the first shard; 0 means none. */
  readonly reliabilitySample: number;
}

/** A part of an evaluation: `index` of 0 … `count` − 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** An attack of the suite, with nothing left open. */
export interface SuiteAttack {
  /** Its text form. */
  readonly text: string;
  readonly spec: AttackSpec;
  /** As a target gets it: every example is attacked on the same tasks, whatever labels it has. */
  readonly request: AttackSpecRequest;
}

/** A plan, completed. */
export interface PreparedEvaluation {
  readonly identity: EvaluationIdentity;
  readonly suite: readonly SuiteAttack[];
  /** The examples of the plan's shard, in order. */
  readonly examples: readonly { readonly index: number; readonly key: string }[];
}

/** Examples at the start of a dataset that say which tasks are labelled. */
const LABELLED_SAMPLE = 4;

/**
 * Fills in what a plan leaves open. An objective without tasks attacks those that have a label in one of the first examples
 * of the dataset, which are the same for every shard.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when limit or shard make no sense, or an attack comes twice.
 * @throws EngineError `INVALID_REQUEST`. Thrown when an attack does not fit the model.
 * @throws EngineError `INVALID_DATASET`. Thrown when none of the first examples can be read.
 */
export async function prepareEvaluation(
  model: TargetModel,
  dataset: Dataset,
  plan: EvaluationPlan,
): Promise<PreparedEvaluation> {
  const limit = checkPlan(plan, dataset);
  const labelled = await labelledTasks(dataset, limit);
  const suite = plan.attacks.map((attack) => suiteAttack(attack, model, labelled, plan));
  const texts = suite.map(({ text }) => text);
  const repeated = texts.find((text, i) => texts.indexOf(text) !== i);
  if (repeated !== undefined)
    throw new EngineError('INVALID_OPTION', `expected each attack once, got ${repeated} again`);
  const { name, version, sha256 } = model;
  const identity: EvaluationIdentity = {
    model: { name, version, sha256 },
    dataset: { name: dataset.name, kind: dataset.kind, digest: dataset.digest, size: dataset.keys.length },
    suite: texts,
    seed: plan.seed,
    labelFree: plan.labelFree,
    limit,
  };
  const examples = dataset.keys
    .slice(0, limit)
    .map((key, index) => ({ index, key }))
    .filter(({ index }) => isInShard(index, plan.shard));
  return { identity, suite, examples };
}

/**
 * Whether a shard has the example. Neighbours go to different shards, so that shards take equally long where a dataset is
 * sorted by size; figures do not depend on it.
 */
export const isInShard = (index: number, shard: Shard | undefined): boolean =>
  shard === undefined || index % shard.count === shard.index;

function checkPlan({ attacks, limit, shard }: EvaluationPlan, { keys }: Dataset): number {
  const refuse = (expected: string, got: string | number): never => {
    throw new EngineError('INVALID_OPTION', `expected ${expected}, got ${got}`);
  };
  if (attacks.length === 0) refuse('at least one attack', 'none');
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1)) refuse('a limit ≥ 1', limit);
  if (shard !== undefined) {
    const { index, count } = shard;
    if (!(Number.isInteger(count) && count >= 1)) refuse('a number of shards ≥ 1', count);
    if (!(Number.isInteger(index) && index >= 0 && index < count)) refuse(`a shard of 0 … ${count - 1}`, index);
  }
  if (keys.length === 0) throw new EngineError('INVALID_DATASET', 'expected a dataset with examples, got an empty one');
  return Math.min(limit ?? keys.length, keys.length);
}

async function labelledTasks({ keys, read }: Dataset, limit: number): Promise<ReadonlySet<string>> {
  const labelled = new Set<string>();
  const errors: unknown[] = [];
  const sample = keys.slice(0, Math.min(LABELLED_SAMPLE, limit));
  for (const key of sample) {
    try {
      for (const task of (await read(key)).labels.keys()) labelled.add(task);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      errors.push(error);
    }
  }
  if (errors.length === sample.length) throw errors[0];
  return labelled;
}

/** Whether an error says that an example cannot be had, rather than that something broke. */
export const isUnreadable = (error: unknown): error is EngineError =>
  error instanceof EngineError && (error.code === 'INVALID_DATASET' || error.code === 'INVALID_IMAGE');

function suiteAttack(
  attack: AttackSpecRequest,
  model: TargetModel,
  labelled: ReadonlySet<string>,
  { seed, labelFree }: EvaluationPlan,
): SuiteAttack {
  const own = { seed, labelFree, batchSize: undefined, fullBatches: true };
  const spec = resolveAttackSpec({ ...attack, ...own }, model, labelled);
  const text = formatSpec(spec, (name) => model.tasks.find((task) => task.name === name)?.loss);
  const { combination, tasks } = spec.objective;
  return { text, spec, request: { ...attack, ...own, combination, tasks } };
}
