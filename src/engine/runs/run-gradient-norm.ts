import { l1Norm, l2Norm, linfNorm } from '../attacks/norms.js';
import { EngineError } from '../errors.js';
import type { GradientProgram, Network } from '../models/network.js';
import type { Shape } from '../tensor/shape.js';
import { batchSizeFor, chunk, extraInputShapes, groupByShape, stack, stackExtraInputs } from './batches.js';
import type {
  GradientNormEvent,
  GradientNormResult,
  GradientNormSummary,
  GradientNorms,
  RunPhase,
  TaskGradient,
  TerminatedBy,
  Warning,
} from './events.js';
import { type Example, prepareExamples } from './examples.js';
import { type GradientRow, gradientsOfRows, type RowGradient } from './gradient-rows.js';
import { cosineMatrix, gramFactor, gramMatrix, meanMatrix, theorem1Factor } from './gram.js';
import type { GradientNormJob } from './job.js';
import { type KnownLabels, knownLabels } from './labels.js';
import { Pace } from './pace.js';
import { type RunOptions, requireAttackable } from './run-attack.js';
import type { RunContext } from './served-model.js';
import { labelsOfSubset, sweepPoint } from './sweep.js';

/** A measurement verifies nothing: its results are sent as they come. */
const NOTHING_LEFT = { calls: 0, examples: 0, elements: 0 };

/** Examples of one shape with what their gradients need. */
interface Group {
  readonly shape: Shape;
  readonly examples: readonly Example[];
  readonly labels: readonly KnownLabels[];
  readonly program: GradientProgram;
}

/**
 * Norms of each task's gradient at the clean inputs, example by example, then the output sweep if there is one. The summary
 * is last.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when an input or a label does not fit the model, or a regression would be its
 *   own label.
 * @throws EngineError `UNSUPPORTED_OP`, `GRADIENT_UNAVAILABLE`. Thrown when a task has no gradient, or none that is finite.
 * @throws EngineError `DEADLINE_TOO_SHORT`. Thrown when the deadline comes before the first result.
 */
export async function* runGradientNorm(
  network: Network,
  job: GradientNormJob,
  context: RunContext,
  options: RunOptions,
): AsyncGenerator<GradientNormEvent, void, void> {
  const run = new GradientNormRun(network, job, context);
  const { tasks, sweep } = job.spec;
  const names = tasks.map(({ task }) => task);
  requireAttackable(network.info.tasks, {
    objective: { combination: 'sum', tasks: tasks.map((task) => ({ ...task, weight: 1 })) },
  });
  const examples = prepareExamples(job.inputs, network.info);
  const results: GradientNormResult[] = [];
  const groups: Group[] = [];
  let terminatedBy: TerminatedBy = 'completed';
  for (const group of groupByShape(examples)) {
    const ready = await prepareGroup(run, group, options);
    groups.push(ready);
    // The rows of an example stay together, so that its result is sent as soon as it can be.
    const rows = ready.examples.flatMap((example, n) =>
      names.map((_, task): GradientRow => ({ example, labels: ready.labels[n] as KnownLabels, task })),
    );
    const pending: RowGradient[] = [];
    let first = 0;
    for (const part of chunk(rows, ready.program.batchSize)) {
      const stop = run.pace.stopReason(NOTHING_LEFT);
      if (stop !== undefined) terminatedBy = stop;
      if (terminatedBy !== 'completed') break;
      pending.push(
        ...(await run.pace.call('step', () => gradientsOfRows(network, ready.program, names, part, ready.shape))),
      );
      run.gradientsDone += part.length;
      while (pending.length >= names.length) {
        const result = resultOf(ready, first++, names, pending.splice(0, names.length));
        results.push(result);
        yield { type: 'result', result };
      }
      yield run.progress('attacking');
    }
  }
  if (results.length === 0) {
    throw new EngineError(
      'DEADLINE_TOO_SHORT',
      'expected time for the gradients of one example before the deadline, got less',
    );
  }
  for (const outputCount of sweep?.outputCounts ?? []) {
    const norms: number[] = [];
    for await (const value of sweepNorms(run, groups, outputCount)) {
      if (typeof value === 'number') norms.push(value);
      else yield value;
    }
    const stop = run.pace.stopReason(NOTHING_LEFT);
    if (stop !== undefined) terminatedBy = stop;
    if (norms.length > 0) yield { type: 'sweep-point', point: sweepPoint(outputCount, norms) };
    if (terminatedBy !== 'completed') break;
  }
  yield { type: 'summary', summary: summaryOf(run, results, terminatedBy, groups[0]?.program.batchSize ?? 0) };
}

/** What all parts of one run share. */
class GradientNormRun {
  readonly network: Network;
  readonly job: GradientNormJob;
  readonly context: RunContext;
  readonly gradientsTotal: number;
  pace: Pace;
  gradientsDone = 0;

  constructor(network: Network, job: GradientNormJob, context: RunContext) {
    this.network = network;
    this.job = job;
    this.context = context;
    this.pace = new Pace(context, 0);
    const { tasks, sweep } = job.spec;
    this.gradientsTotal = job.inputs.length * (tasks.length + (sweep ? sweep.outputCounts.length * sweep.draws : 0));
  }

  progress(phase: RunPhase): GradientNormEvent {
    const { gradientsDone, gradientsTotal, pace } = this;
    const left = gradientsTotal - gradientsDone;
    return {
      type: 'progress',
      progress: {
        phase,
        queuePosition: 0,
        gradientsDone,
        gradientsTotal,
        elapsedSeconds: pace.elapsedSeconds,
        etaSeconds: gradientsDone === 0 ? undefined : (pace.elapsedSeconds * left) / gradientsDone,
      },
    };
  }
}

async function prepareGroup(run: GradientNormRun, examples: readonly Example[], options: RunOptions): Promise<Group> {
  const { network, job, context } = run;
  const { tasks, sweep, batchSize: forced } = job.spec;
  const { shape } = examples[0] as Example;
  const plan = await network.plan(shape);
  const rows = examples.length * Math.max(tasks.length, sweep?.draws ?? 0);
  const { fixedBatch } = network.info;
  const batchSize = batchSizeFor(rows, { plan, fixedBatch, forced, memoryBudgetBytes: options.memoryBudgetBytes });
  run.pace = new Pace(context, plan.multiplyAdds * batchSize);
  const program = await run.pace.call('compile', () => network.program({ tasks, inputShape: shape, batchSize }));
  const labels: KnownLabels[] = [];
  for (const part of chunk(examples, batchSize)) {
    const extra = stackExtraInputs(part, extraInputShapes(network.info), part.length);
    const pixels = stack(
      part.map(({ clean }) => clean),
      shape,
      part.length,
    );
    const outputs = await run.pace.call('verify', () => network.predict(pixels, extra));
    labels.push(...knownLabels(network, part, outputs, job.labelFree));
  }
  requireGradients(run, examples, labels);
  return { shape, examples, labels, program };
}

/** @throws EngineError `INVALID_REQUEST`. Thrown when a gradient would be 0 or undefined for want of a label. */
function requireGradients(
  { job, network }: GradientNormRun,
  examples: readonly Example[],
  labels: readonly KnownLabels[],
): void {
  const violations = examples.flatMap(({ key }, n) =>
    job.spec.tasks.flatMap(({ task: name }) => {
      const label = labels[n]?.get(name);
      const field = `examples[${key}].labels[${name}]`;
      if (label === undefined) return [{ field, description: 'expected a label, got none' }];
      const task = network.info.tasks.find((candidate) => candidate.name === name);
      const isOwnLabel = label.source === 'prediction' && task?.labelForm === 'numbers';
      return isOwnLabel
        ? [
            {
              field,
              description: 'expected a label: a regression that is its own label has gradient 0 at the clean input',
            },
          ]
        : [];
    }),
  );
  if (violations.length === 0) return;
  const text = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  throw new EngineError('INVALID_REQUEST', text, { violations });
}

async function* sweepNorms(
  run: GradientNormRun,
  groups: readonly Group[],
  outputCount: number,
): AsyncGenerator<number | GradientNormEvent, void, void> {
  const { network, job } = run;
  const { tasks, sweep, seed } = job.spec;
  if (sweep === undefined) return;
  const names = tasks.map(({ task }) => task);
  const task = names.indexOf(sweep.task);
  for (const { examples, labels, program, shape } of groups) {
    const rows = examples.flatMap((example, n) =>
      Array.from({ length: sweep.draws }, (_, draw): GradientRow => {
        const subset = labelsOfSubset(example, labels[n] as KnownLabels, sweep.task, outputCount, seed, draw);
        return { example, labels: subset, task };
      }),
    );
    for (const part of chunk(rows, program.batchSize)) {
      if (run.pace.stopReason(NOTHING_LEFT) !== undefined) return;
      const gradients = await run.pace.call('step', () => gradientsOfRows(network, program, names, part, shape));
      run.gradientsDone += part.length;
      for (const { gradient } of gradients) yield l2Norm(gradient);
      yield run.progress('attacking');
    }
  }
}

const normsOf = (values: Float32Array): GradientNorms => ({
  l1: l1Norm(values),
  l2: l2Norm(values),
  linf: linfNorm(values),
});

function resultOf(
  { examples, labels }: Group,
  n: number,
  names: readonly string[],
  rows: readonly RowGradient[],
): GradientNormResult {
  const vectors = rows.map(({ gradient }) => gradient);
  const sum = new Float32Array(vectors[0]?.length ?? 0).map((_, i) =>
    vectors.reduce((total, vector) => total + (vector[i] as number), 0),
  );
  const gram = gramMatrix(vectors);
  const tasks = rows.map(
    ({ loss, gradient }, c): TaskGradient => ({
      task: names[c] as string,
      loss,
      norms: normsOf(gradient),
      labelSource: labels[n]?.get(names[c] as string)?.source ?? 'request',
    }),
  );
  const warnings = tasks
    .filter(({ norms }) => norms.linf === 0)
    .map(
      ({ task }): Warning => ({
        reason: 'ZERO_GRADIENT',
        message: `the gradient of ${task} is 0: its loss is saturated`,
      }),
    );
  return {
    key: examples[n]?.key ?? '',
    tasks,
    jointMean: normsOf(sum.map((value) => value / vectors.length)),
    jointSum: normsOf(sum),
    gram,
    cosine: cosineMatrix(gram),
    warnings,
  };
}

function summaryOf(
  { network, job }: GradientNormRun,
  results: readonly GradientNormResult[],
  terminatedBy: TerminatedBy,
  batchSize: number,
): GradientNormSummary {
  const mean = (f: (result: GradientNormResult) => number): number =>
    results.reduce((sum, result) => sum + f(result), 0) / results.length;
  const meanNorms = (f: (result: GradientNormResult) => GradientNorms): GradientNorms => ({
    l1: mean((result) => f(result).l1),
    l2: mean((result) => f(result).l2),
    linf: mean((result) => f(result).linf),
  });
  const meanGram = meanMatrix(results.map(({ gram }) => gram));
  const theorem1 = theorem1Factor(meanGram);
  return {
    tasks: (results[0] as GradientNormResult).tasks.map(({ task, labelSource }, c) => ({
      task,
      labelSource,
      loss: mean((result) => result.tasks[c]?.loss ?? NaN),
      norms: meanNorms((result) => result.tasks[c]?.norms as GradientNorms),
    })),
    jointMean: meanNorms(({ jointMean }) => jointMean),
    jointSum: meanNorms(({ jointSum }) => jointSum),
    theorem1Factor: theorem1.factor,
    theorem1AbsentReason: theorem1.absentReason,
    gramFactor: gramFactor(meanGram),
    meanGram,
    terminatedBy,
    provenance: {
      modelSha256: network.info.sha256,
      programVersion: network.programVersion,
      provider: network.info.provider,
      batchSize,
      seed: job.spec.seed,
    },
  };
}
