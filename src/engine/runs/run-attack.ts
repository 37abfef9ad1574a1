import { EngineError } from '../errors.js';
import type { TaskInfo } from '../models/model-info.js';
import type { GradientProgram, Network, ProgramRequest } from '../models/network.js';
import { type Shape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { attackBatch, type ExampleOutcome, type StepReport } from './attack-batch.js';
import { needsGradient } from './attack-spec.js';
import {
  batchSizeForTries,
  chunk,
  extraInputShapes,
  groupByShape,
  stack,
  stackExtraInputs,
  triesTogether,
} from './batches.js';
import { blackBoxSource } from './black-box-source.js';
import { countQueries } from './count-queries.js';
import type { AttackEvent, AttackProgress, RunPhase, TerminatedBy } from './events.js';
import { type Example, prepareExamples } from './examples.js';
import type { AttackJob } from './job.js';
import { type KnownLabels, knownLabels, labelSize } from './labels.js';
import { batchLabels, objectiveSource } from './objective-source.js';
import { Oddities } from './oddities.js';
import { OutcomeTotals, scoresOf } from './outcomes.js';
import { Pace, type Unverified } from './pace.js';
import type { RunContext } from './served-model.js';
import type { AttackSpec } from './spec.js';
import { identityOf, requireSurrogateFits, type Surrogate, transferVersion, transferWarning } from './transfer.js';
import { type Batch, outputOf, verifyBatch } from './verify-batch.js';

export interface RunOptions {
  /** Most memory that the programs of the model may take, in bytes. */
  readonly memoryBudgetBytes: number;
  /** Whose gradients are taken. Default: the model's own. */
  readonly surrogate?: Surrogate | undefined;
}

/** Examples of one shape with the program that attacks them. */
interface Group {
  readonly shape: Shape;
  readonly batches: readonly (readonly Example[])[];
  readonly request: ProgramRequest;
  readonly multiplyAdds: number;
}

/** What a batch is attacked with. */
interface Means {
  /** `undefined` for an attack that needs no gradient. */
  readonly program: GradientProgram | undefined;
  readonly batchSize: number;
}

/** The longest that a reader waits for a sign of life, in seconds. */
const MAX_SILENCE_SECONDS = 10;

/**
 * Attacks examples and yields each result as the gateway answers for it: projected once more, checked, and scored from
 * scratch on the original model. The summary is last.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when an input or a label does not fit the model.
 * @throws EngineError `UNSUPPORTED_OP`, `GRADIENT_UNAVAILABLE`. Thrown when an attacked task has no gradient, or the surrogate
 *   does not fit the model.
 * @throws EngineError `MEMORY_BUDGET_EXCEEDED`, `DEADLINE_TOO_SHORT`.
 */
export async function* runAttack(
  attacked: Network,
  job: AttackJob,
  context: RunContext,
  options: RunOptions,
): AsyncGenerator<AttackEvent, void, void> {
  const { network, queries } = countQueries(attacked);
  const isBlackBox = !needsGradient(job.spec);
  const surrogate = isBlackBox ? undefined : options.surrogate;
  const gradients: Surrogate = surrogate ?? network;
  if (surrogate !== undefined) requireSurrogateFits(network.info, surrogate.info, job.spec);
  const run = new AttackRunState(network, job, context, surrogate);
  const groups = await planGroups(network, gradients, job, options);
  const totals = new OutcomeTotals();
  let terminatedBy: TerminatedBy = 'completed';
  let imageSteps = 0;
  let remaining = groups.reduce((sum, { batches }) => sum + batches.length, 0);
  for (const { request, shape, batches, multiplyAdds } of groups) {
    run.pace = new Pace(context, multiplyAdds * request.batchSize);
    if (!isBlackBox && !gradients.hasProgram(request)) yield run.progress('compiling');
    const program = isBlackBox ? undefined : await run.pace.call('compile', () => gradients.program(request));
    const means: Means = { program, batchSize: request.batchSize };
    for (const examples of batches) {
      for await (const event of runBatch(run, examples, shape, means, remaining)) {
        if (event.type === 'result') {
          const { result } = event;
          totals.add(result.tasks);
          run.examplesDone++;
          imageSteps += result.steps;
          if (result.terminatedBy === 'deadline' || result.terminatedBy === 'drain') terminatedBy = result.terminatedBy;
        }
        yield event;
      }
      remaining--;
    }
  }
  yield {
    type: 'summary',
    summary: {
      terminatedBy,
      tasks: totals.summary(network.info.tasks),
      exampleCount: totals.exampleCount,
      examplesBroken: totals.brokenCount,
      imageSteps,
      remoteQueries: queries(),
      provenance: {
        modelSha256: network.info.sha256,
        programVersion: surrogate === undefined ? network.programVersion : transferVersion(surrogate),
        provider: network.info.provider,
        batchSize: groups[0]?.request.batchSize ?? 0,
        seed: job.spec.seed,
        ...(surrogate !== undefined && { surrogate: identityOf(surrogate) }),
      },
    },
  };
}

/** What all parts of one run share. */
class AttackRunState {
  readonly network: Network;
  readonly job: AttackJob;
  readonly context: RunContext;
  readonly surrogate: Surrogate | undefined;
  pace: Pace;
  examplesDone = 0;
  #lastProgressSeconds = 0;
  #stopped: 'deadline' | 'drain' | undefined;
  readonly #startMs: number;

  constructor(network: Network, job: AttackJob, context: RunContext, surrogate: Surrogate | undefined) {
    this.network = network;
    this.surrogate = surrogate;
    this.job = job;
    this.context = context;
    this.pace = new Pace(context, 0);
    this.#startMs = context.now();
  }

  get elapsedSeconds(): number {
    return (this.context.now() - this.#startMs) / 1000;
  }

  /** Why the run must end now. What is stopped stays so, that no later example gets the steps that an earlier one lacks. */
  stopReason(left: Unverified): 'deadline' | 'drain' | undefined {
    this.#stopped ??= this.pace.stopReason(left);
    return this.#stopped;
  }

  /** Whether a step is to be reported: by its number, or because nothing was for long. */
  isDue(step: number): boolean {
    const isSilent = this.elapsedSeconds - this.#lastProgressSeconds > MAX_SILENCE_SECONDS / 2;
    return isSilent || step % this.job.progressEverySteps === 0;
  }

  progress(phase: RunPhase, report?: StepReport): AttackEvent {
    this.#lastProgressSeconds = this.elapsedSeconds;
    const { parameters, objective } = this.job.spec;
    const progress: AttackProgress = {
      phase,
      queuePosition: 0,
      examplesDone: this.examplesDone,
      examplesTotal: this.job.inputs.length,
      step: report?.step ?? 0,
      steps: parameters.steps,
      restart: report?.restart ?? 0,
      restarts: parameters.restarts,
      losses: (report?.losses ?? []).map((value, c) => ({ task: objective.tasks[c]?.task ?? '', value })),
      objective: report?.objective ?? 0,
      gradientNorm: report?.gradientNorm ?? 0,
      examplesBroken: report?.examplesBroken,
      elapsedSeconds: this.elapsedSeconds,
      etaSeconds: report && this.#eta(report),
    };
    return { type: 'progress', progress };
  }

  /** From the share of all steps that are done. */
  #eta({ step, restart, together }: StepReport): number {
    const { steps, restarts } = this.job.spec.parameters;
    const share = (restart * steps + step * together) / (steps * restarts);
    const batchSize = Math.max(1, this.currentBatchSize);
    const done = this.examplesDone + share * batchSize;
    return done === 0 ? 0 : (this.elapsedSeconds * (this.job.inputs.length - done)) / done;
  }

  /** Number of examples that run now. */
  currentBatchSize = 1;
}

async function planGroups(
  { info }: Network,
  gradients: Surrogate,
  job: AttackJob,
  options: RunOptions,
): Promise<readonly Group[]> {
  const { objective, batchSize: forced, fullBatches: full } = job.spec;
  const examples = prepareExamples(job.inputs, info);
  if (needsGradient(job.spec)) requireAttackable(gradients.info.tasks, job.spec);
  const groups: Group[] = [];
  for (const group of groupByShape(examples)) {
    const { shape } = group[0] as Example;
    const plan = await gradients.plan(shape);
    const { memoryBudgetBytes } = options;
    const rule = { plan, fixedBatch: gradients.info.fixedBatch, forced, full, memoryBudgetBytes };
    const batchSize = batchSizeForTries(group.length, job.spec.parameters, rule);
    const tasks = objective.tasks.map(({ task, loss }) => ({ task, loss: lossName(loss, job.spec) }));
    groups.push({
      shape,
      batches: chunk(group, batchSize),
      request: { tasks, inputShape: shape, batchSize },
      multiplyAdds: plan.multiplyAdds,
    });
  }
  return groups;
}

/** The loss that the program computes: Houdini has a form of its own for the one-sided push. */
const lossName = (loss: string, { parameters }: AttackSpec): string =>
  loss === 'houdini' && parameters.houdiniPush === 'one-sided' ? 'houdini-one-sided' : loss;

/** @throws EngineError `UNSUPPORTED_OP` or `GRADIENT_UNAVAILABLE`. Thrown when an attacked task has no gradient. */
export function requireAttackable(tasks: readonly TaskInfo[], { objective }: Pick<AttackSpec, 'objective'>): void {
  for (const { task: name } of objective.tasks) {
    const task = tasks.find((candidate) => candidate.name === name);
    if (task === undefined) throw new EngineError('INTERNAL', `expected a task of the model, got ${name}`);
    const [obstacle] = task.gradientObstacles;
    if (obstacle === undefined) continue;
    const code = obstacle.includes('has no gradient rule') ? 'UNSUPPORTED_OP' : 'GRADIENT_UNAVAILABLE';
    throw new EngineError(code, `expected task ${name} to have a gradient, got: ${task.gradientObstacles.join('; ')}`, {
      metadata: { task: name },
    });
  }
}

async function* runBatch(
  run: AttackRunState,
  examples: readonly Example[],
  shape: Shape,
  means: Means,
  remainingBatches: number,
): AsyncGenerator<AttackEvent, void, void> {
  const { network, job, context } = run;
  run.currentBatchSize = examples.length;
  const clean = stack(
    examples.map((example) => example.clean),
    shape,
    means.batchSize,
  );
  const extra = stackExtraInputs(examples, extraInputShapes(network.info), means.batchSize);
  const outputs = await run.pace.call('verify', () => network.predict(clean, extra));
  const labels = knownLabels(network, examples, outputs, job.labelFree);
  requireLabels(examples, labels, job);
  // Judged now and not after the attack, so that it is known how long that takes.
  const cleanScores = run.pace.scoring(examples.length, () =>
    labels.map((known, n) => scoresOf(network, job.spec, known, (task) => outputOf(outputs, task, n))),
  );
  const batch: Batch = { examples, labels, cleanOutputs: outputs, cleanScores, shape, size: means.batchSize };
  const oddities = new Oddities();
  if (run.surrogate !== undefined) oddities.addForAll(transferWarning(run.surrogate));
  let outcomes: readonly ExampleOutcome[] = [];
  const unfinished = {
    // Two native calls for each batch: one in floating point, one in 8 bits.
    calls: 2 * remainingBatches,
    examples: job.inputs.length - run.examplesDone,
    elements: sizeOf(shape),
  };
  const steps = attackSteps(run, batch, means, unfinished, oddities);
  for (let step = await steps.next(); ; step = await steps.next()) {
    if (step.done) {
      outcomes = step.value;
      break;
    }
    if (run.isDue(step.value.step)) yield run.progress('attacking', step.value);
  }
  context.signal.throwIfAborted();
  yield run.progress('verifying');
  const verified = await verifyBatch(network, job, run.pace, batch, outcomes);
  for (const [n, result] of verified.entries()) {
    yield { type: 'result', result: { ...result, batchSize: means.batchSize, warnings: oddities.warnings(n) } };
  }
}

/** @throws EngineError `INVALID_REQUEST`. Thrown when an example has no label for any attacked task. */
function requireLabels(examples: readonly Example[], labels: readonly KnownLabels[], { spec }: AttackJob): void {
  const names = spec.objective.tasks.map(({ task }) => task);
  const unlabelled = examples.filter((_, n) => !names.some((name) => labels[n]?.has(name)));
  if (unlabelled.length === 0) return;
  const violations = unlabelled.map(({ key }) => ({
    field: `examples[${key}].labels`,
    description: `expected a label for an attacked task (${names.join(', ')}), got none`,
  }));
  const text = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  throw new EngineError('INVALID_REQUEST', text, { violations });
}

/** The attack on one batch; at ε = 0 the clean input is the result. */
async function* attackSteps(
  run: AttackRunState,
  { examples, labels, cleanOutputs, shape }: Batch,
  { program, batchSize }: Means,
  unfinished: Unverified,
  oddities: Oddities,
): AsyncGenerator<StepReport, readonly ExampleOutcome[], void> {
  const { network, job, context, pace } = run;
  if (job.spec.parameters.epsilon === 0) {
    return examples.map(({ clean }) => ({ pixels: clean, steps: 0, restart: 0, terminatedBy: 'completed' as const }));
  }
  const names = job.spec.objective.tasks.map(({ task }) => task);
  const tasks = names.map((name) => network.info.tasks.find((task) => task.name === name) as TaskInfo);
  const sizes = new Map(tasks.map((task) => [task.name, labelSize(task, cleanOutputs.get(task.name) as Tensor)]));
  const together = triesTogether(job.spec.parameters, examples.length, batchSize);
  const rows = repeated(examples, together);
  const common = {
    objective: job.spec.objective,
    targeted: job.spec.targeted,
    labels: batchLabels(repeated(labels, together), names, sizes, batchSize),
    extraInputs: stackExtraInputs(rows, extraInputShapes(network.info), batchSize),
    pace,
  };
  const source =
    program === undefined
      ? blackBoxSource({ ...common, network, tasks, savesQueries: network.info.engine === 'remote' })
      : objectiveSource({
          ...common,
          program,
          onOddGradient: (row, kind) => {
            if (row < rows.length) oddities.add(row % examples.length, kind);
          },
        });
  return yield* attackBatch({
    spec: withForcedStart(job.spec, tasks, labels, oddities),
    source,
    clean: stack(
      rows.map((example) => example.clean),
      shape,
      batchSize,
    ),
    keys: examples.map(({ key }) => key),
    together,
    layout: network.info.input.kind === 'image' ? network.info.input.layout : undefined,
    breaksAboveZero: tasks.map(({ labelForm }) => labelForm === 'class'),
    signal: context.signal,
    stopReason: () => run.stopReason(unfinished),
  });
}

/** The whole list so many times. */
const repeated = <T>(items: readonly T[], times: number): readonly T[] =>
  Array.from({ length: times }, () => items).flat();

/** Where a regression is its own label, the gradient at the clean input is 0: the attack must start elsewhere. */
function withForcedStart(
  spec: AttackSpec,
  tasks: readonly TaskInfo[],
  labels: readonly KnownLabels[],
  oddities: Oddities,
): AttackSpec {
  const isFlat = (task: TaskInfo): boolean =>
    task.labelForm === 'numbers' && labels.some((known) => known.get(task.name)?.source === 'prediction');
  if (spec.parameters.randomStart !== 'none' || !tasks.some(isFlat)) return spec;
  oddities.addForAll({
    reason: 'RANDOM_START_FORCED',
    message:
      'a regression that is its own label has gradient 0 at the clean input: the attack started at a random point',
  });
  return { ...spec, parameters: { ...spec.parameters, randomStart: 'uniform' } };
}
