import type { Dataset } from '../datasets/dataset.js';
import { EngineError } from '../errors.js';
import type { Provenance } from '../runs/events.js';
import { attackChunk, type ChunkEvent } from './attack-chunk.js';
import type { EvaluateOptions, EvaluationEvent } from './evaluation-events.js';
import { EvaluationPace } from './evaluation-pace.js';
import { type EvaluationPlan, type PreparedEvaluation, prepareEvaluation } from './plan.js';
import { type ReadExample, readAhead } from './read-ahead.js';
import { checkReliability } from './reliability/check-reliability.js';
import type { SkippedExample } from './row.js';
import { rowOf } from './row-of.js';
import type { AttackTarget } from './target.js';

/** What all attacks of one run share. */
interface Run {
  readonly target: AttackTarget;
  readonly dataset: Dataset;
  readonly plan: EvaluationPlan;
  readonly prepared: PreparedEvaluation;
  readonly options: EvaluateOptions;
  readonly pace: EvaluationPace;
  /** Indexes of the examples that cannot be had. */
  readonly skipped: Set<number>;
  provenance: Provenance | undefined;
}

/**
 * Attacks the examples of a dataset, attack after attack, and yields a row for each example and attack. Examples are read
 * while those before them are attacked. One that cannot be read or does not fit the model is skipped.
 *
 * @throws EngineError as `prepareEvaluation` and the target do.
 * @throws EngineError `MODEL_CHANGED`. Thrown when the target attacked another file than it said at first.
 * @throws the signal's reason. Thrown when it is aborted.
 */
export async function* evaluate(
  target: AttackTarget,
  dataset: Dataset,
  plan: EvaluationPlan,
  options: EvaluateOptions,
): AsyncGenerator<EvaluationEvent, void, void> {
  const prepared = await prepareEvaluation(target.model, dataset, plan);
  const pace = new EvaluationPace(prepared, options);
  const run: Run = { target, dataset, plan, prepared, options, pace, skipped: new Set(), provenance: undefined };
  for (const attack of prepared.suite.keys()) {
    yield* evaluateAttack(run, attack);
    yield* checkAttack(run, attack);
  }
  yield { type: 'done', provenance: run.provenance };
}

async function* evaluateAttack(run: Run, attack: number): AsyncGenerator<EvaluationEvent, void, void> {
  const { target, dataset, prepared, options, pace, skipped } = run;
  const missing = prepared.examples.filter(({ index }) => !options.done(attack, index));
  const todo = missing.filter(({ index }) => !skipped.has(index));
  pace.begin(attack);
  pace.skipped(missing.length - todo.length);
  yield { type: 'progress', progress: pace.progress() };
  for await (const { examples, unreadable } of readAhead(dataset, todo, target.maxExamples, options.signal)) {
    const unlabelled = examples.flatMap((one) => withoutLabel(run, attack, one) ?? []);
    for (const one of [...unreadable, ...unlabelled]) yield skip(run, one);
    const usable = examples.filter(({ index }) => !run.skipped.has(index));
    yield* evaluateChunk(run, attack, usable);
    yield { type: 'progress', progress: pace.progress() };
  }
}

function skip({ skipped, pace }: Run, example: SkippedExample): EvaluationEvent {
  skipped.add(example.index);
  pace.skipped(1);
  return { type: 'skipped', skipped: example };
}

/**
 * An example that lacks a label for an attacked task is left out: what attacks it would then depend on the examples that it
 * is sent with.
 */
function withoutLabel(run: Run, attack: number, { index, key, example }: ReadExample): SkippedExample | undefined {
  const { plan, prepared, target } = run;
  if (plan.labelFree) return undefined;
  const missing = prepared.suite[attack]?.spec.objective.tasks.find(({ task: name }) => {
    const isReconstruction = target.model.tasks.find((task) => task.name === name)?.isReconstruction;
    return !example.labels.has(name) && !isReconstruction;
  });
  if (missing === undefined) return undefined;
  return { index, key, reason: `${key}: expected a label for the attacked task ${missing.task}, got none` };
}

async function* evaluateChunk(
  run: Run,
  attack: number,
  chunk: readonly ReadExample[],
): AsyncGenerator<EvaluationEvent, void, void> {
  if (chunk.length === 0) return;
  const { target, plan, prepared, options, pace } = run;
  const { request } = prepared.suite[attack] as PreparedEvaluation['suite'][number];
  const places = new Map(chunk.map(({ key, index }) => [key, index]));
  const examples = chunk.map(({ example }) => example);
  const call = { signal: options.signal, pictures: plan.pictures };
  for await (const event of attackChunk(target, request, examples, call)) {
    switch (event.type) {
      case 'progress':
        yield { type: 'progress', progress: pace.progress(event.progress) };
        break;
      case 'result': {
        const { result } = event;
        pace.attacked();
        const row = rowOf(attack, placeOf(places, result.key), result);
        yield { type: 'row', row, adversarialPng: result.adversarialPng };
        break;
      }
      case 'unfit':
        yield skip(run, { index: placeOf(places, event.key), key: event.key, reason: event.reason });
        break;
      case 'summary':
        keepProvenance(run, event);
    }
  }
}

function placeOf(places: ReadonlyMap<string, number>, key: string): number {
  const index = places.get(key);
  if (index === undefined)
    throw new EngineError('INTERNAL', `expected results of the examples sent, got one of ${key}`);
  return index;
}

function keepProvenance(run: Run, { provenance }: Extract<ChunkEvent, { type: 'summary' }>): void {
  const { sha256 } = run.prepared.identity.model;
  if (provenance.modelSha256 !== sha256) {
    throw new EngineError('MODEL_CHANGED', `expected the model ${sha256}, got ${provenance.modelSha256}`);
  }
  run.provenance ??= provenance;
}

/** The first shard speaks for all: they have the same first examples. */
async function* checkAttack(run: Run, attack: number): AsyncGenerator<EvaluationEvent, void, void> {
  const { target, dataset, plan, prepared, options } = run;
  const isOurs = plan.reliabilitySample > 0 && (plan.shard?.index ?? 0) === 0 && !options.checked(attack);
  if (!isOurs) return;
  const { request } = prepared.suite[attack] as PreparedEvaluation['suite'][number];
  const { limit } = prepared.identity;
  const sample = Math.min(plan.reliabilitySample, limit);
  yield {
    type: 'doubts',
    attack,
    doubts: await checkReliability(target, dataset, request, { sample, signal: options.signal }),
  };
}
