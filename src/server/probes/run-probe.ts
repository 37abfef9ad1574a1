import {
  type Dataset,
  type DatasetConfig,
  type Doubt,
  EngineError,
  type EvaluationEvent,
  type EvaluationPlan,
  type EvaluationRow,
  evaluate,
  exampleSums,
  figureTasks,
  judgeGates,
  type ModelInfo,
  openDataset,
  type PreparedEvaluation,
  prepareEvaluation,
  reduceEvaluation,
  resolveGates,
  type SkippedExample,
} from '../../engine/index.js';
import type { Lane } from '../../host/index.js';
import type { ImagePool } from '../images/image-pool.js';
import type { HeldModel } from '../repository/repository.js';
import { hostTarget, probeCall, probeInputs } from './host-target.js';
import { measureGradients } from './measure-gradients.js';
import { probeAttacks } from './probe-attacks.js';
import type { FinishedRun, ProbeHistory } from './probe-history.js';
import type { ProbeProgress, ProbeTask } from './probe-queue.js';
import type { ProbeRun } from './probe-run.js';
import { type Judgement, judgeRun } from './verdict.js';

/** What a run of a probe works with. */
export interface ProbeSurroundings {
  readonly lane: Lane;
  readonly pool: ImagePool;
  readonly datasets: Readonly<Record<string, DatasetConfig>>;
  readonly history: Pick<ProbeHistory, 'baseline'>;
}

/** One run, as it calls into the host. */
export interface ProbeCall {
  readonly signal: AbortSignal;
  readonly traceParent: string | undefined;
}

/** Examples that are attacked harder, to find out whether figures can be trusted: each costs about four times its attack. */
const RELIABILITY_SAMPLE = 4;

/** What a run found. */
export type Findings = Judgement &
  Pick<ProbeRun, 'examples' | 'imageSteps' | 'attacks' | 'gradients'> & { readonly pairs: FinishedRun['pairs'] };

/**
 * Evaluates a version that the caller holds, and judges it.
 *
 * @param tell told how far it is
 * @throws EngineError as an evaluation does, `INVALID_DATASET` too where an example cannot be had. Thrown when there are no figures.
 * @throws the signal's reason. Thrown when it is aborted.
 */
export async function findOut(
  task: ProbeTask,
  { info, surrogate }: Pick<HeldModel, 'info' | 'surrogate'>,
  { lane, pool, datasets, history }: ProbeSurroundings,
  call: ProbeCall,
  tell: (progress: ProbeProgress) => void,
): Promise<Findings> {
  const { probe, runId } = task;
  const dataset = await openProbed(probe.dataset, datasets, info, pool);
  const { signal, traceParent } = call;
  const target = hostTarget({ lane, info, surrogate, runId, pool, traceParent });
  const plan: EvaluationPlan = {
    attacks: probeAttacks(probe),
    labelFree: false,
    seed: probe.seed,
    limit: probe.examples,
    shard: undefined,
    pictures: false,
    reliabilitySample: probe.reliability ? RELIABILITY_SAMPLE : 0,
  };
  const prepared = await prepareEvaluation(info, dataset, plan);
  const { identity } = prepared;
  const gates = resolveGates(probe.gates, identity.suite, info.tasks);
  const options = { signal, done: () => false, checked: () => false, now: () => performance.now() };
  const { rows, doubts } = await collect(evaluate(target, dataset, plan, options), tell);
  const attacks = reduceEvaluation(identity, { tasks: figureTasks(info.tasks) }, rows, { doubts });
  const examples = exampleSums(identity, rows);
  const gradients = await gradientsOf(prepared, dataset, task, info, { lane, pool }, call);
  const earlier = history.baseline(probe.name, identity);
  const judgement = judgeRun({
    evaluation: { identity, attacks, examples },
    baseline: earlier && { ...earlier.pairs, attacks: earlier.run.attacks, run: earlier.run },
    tolerance: probe.regression.tolerance,
    gates: judgeGates(attacks, gates),
  });
  return {
    ...judgement,
    examples: examples.length,
    imageSteps: rows.reduce((sum, { steps }) => sum + steps, 0),
    attacks,
    ...(gradients !== undefined && { gradients }),
    pairs: { identity, examples },
  };
}

async function openProbed(
  name: string,
  datasets: ProbeSurroundings['datasets'],
  info: ModelInfo,
  pool: ImagePool,
): Promise<Dataset> {
  const config = datasets[name];
  if (config === undefined) throw new EngineError('INVALID_DATASET', `expected a dataset ${name}, got none`);
  return await openDataset(config, info.tasks, { name, decode: (file) => pool.decode(file) });
}

interface Collected {
  readonly rows: readonly EvaluationRow[];
  readonly doubts: ReadonlyMap<number, readonly Doubt[]>;
}

async function collect(
  events: AsyncGenerator<EvaluationEvent, void, void>,
  tell: (progress: ProbeProgress) => void,
): Promise<Collected> {
  const rows: EvaluationRow[] = [];
  const doubts = new Map<number, readonly Doubt[]>();
  for await (const event of events) {
    if (event.type === 'row') rows.push(event.row);
    else if (event.type === 'doubts') doubts.set(event.attack, event.doubts);
    else if (event.type === 'skipped') refuse(event.skipped);
    else if (event.type === 'progress') {
      const { attack, attacks, spec, examplesDone, examplesTotal, etaSeconds } = event.progress;
      const done = attack * examplesTotal + examplesDone;
      tell({ attack, attacks, spec, examplesDone: done, examplesTotal: attacks * examplesTotal, etaSeconds });
    }
  }
  return { rows, doubts };
}

/** A figure over other examples than the last time says nothing about the model. */
function refuse({ key, reason }: SkippedExample): never {
  throw new EngineError('INVALID_DATASET', `expected every example of the probe, got none of ${key}: ${reason}`);
}

async function gradientsOf(
  { suite, examples }: PreparedEvaluation,
  dataset: Dataset,
  { probe, runId }: ProbeTask,
  info: ModelInfo,
  { lane, pool }: Pick<ProbeSurroundings, 'lane' | 'pool'>,
  { signal, traceParent }: ProbeCall,
): Promise<ProbeRun['gradients']> {
  const keys = examples.slice(0, probe.gradientExamples).map(({ key }) => key);
  const inputs = await probeInputs(await Promise.all(keys.map((key) => dataset.read(key))), info, pool);
  const attacked = suite.flatMap(({ spec }) => spec.objective.tasks.map(({ task }) => task));
  return await measureGradients(lane, info, attacked, inputs, probeCall({ runId, traceParent }, signal));
}
