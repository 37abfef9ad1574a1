import type {
  GradientNormRequest,
  GradientNormResponse,
  GradientNorms as WireGradientNorms,
  TaskGradient as WireTaskGradient,
} from '../../contract/robustgate/v1/gradient_norm.js';
import {
  type GradientNormEvent,
  type GradientNormJob,
  type GradientNorms,
  type ModelInfo,
  resolveGradientNormSpec,
  type TaskGradient,
  Violations,
} from '../../engine/index.js';
import type { GatewayConfig } from '../config.js';
import type { StreamMessage } from '../grpc/handlers.js';
import { writeProvenance } from './attack-messages.js';
import { LABEL_SOURCES, numberFor, PHASES, TERMINATIONS } from './enums.js';

type Message = StreamMessage<GradientNormResponse>;

/** Unit of all norms of gradients. */
const UNIT = 'loss per pixel level (1/255 of the input range)';

/** A job without its inputs. */
export type GradientNormWish = Omit<GradientNormJob, 'inputs'>;

/**
 * What a request asks for, beside its examples.
 *
 * @param labelled names of the tasks for which some example has a label
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when something is wrong, with a violation for each.
 */
export function readGradientNormWish(
  request: GradientNormRequest,
  model: ModelInfo,
  labelled: ReadonlySet<string>,
  limits: GatewayConfig['limits'],
): GradientNormWish {
  const labelFree = request.labelFree ?? false;
  const { sweep } = request;
  const spec = resolveGradientNormSpec(
    {
      tasks: request.tasks.map(({ task, loss }) => ({ task, loss })),
      labelFree,
      seed: request.seed === undefined ? undefined : Number(request.seed),
      batchSize: request.batchSize,
      sweep: sweep && { task: sweep.task, outputCounts: sweep.outputCounts, draws: sweep.draws },
    },
    model,
    labelled,
  );
  const draws = spec.sweep === undefined ? 0 : spec.sweep.outputCounts.length * spec.sweep.draws;
  const violations = new Violations();
  const text = `expected at most ${limits.steps} draws of each example over all counts, got ${draws}`;
  violations.expect(draws <= limits.steps, 'sweep.output_counts', text);
  violations.throwIfAny('INVALID_REQUEST');
  return { spec, labelFree };
}

const message = (event: NonNullable<GradientNormResponse['event']>, isProgress = false): Message => ({
  message: { event },
  isProgress,
});

const gradientCount = ({ spec, inputs }: GradientNormJob): number =>
  inputs.length * (spec.tasks.length + (spec.sweep ? spec.sweep.outputCounts.length * spec.sweep.draws : 0));

export const startedMessage = (runId: string, model: ModelInfo, job: GradientNormJob): Message =>
  message({
    $case: 'started',
    value: {
      runId,
      modelName: model.name,
      modelVersion: model.version,
      tasks: job.spec.tasks.map(({ task }) => task),
      unit: UNIT,
      gradientCount: gradientCount(job),
    },
  });

/** A run that waits for its turn. */
export const queuedMessage = (queuePosition: number, job: GradientNormJob, elapsedSeconds: number): Message =>
  message(
    {
      $case: 'progress',
      value: {
        phase: numberFor(PHASES, 'queued'),
        queuePosition,
        gradientsDone: 0,
        gradientsTotal: gradientCount(job),
        elapsedSeconds,
        etaSeconds: undefined,
      },
    },
    true,
  );

/** The same progress, some time later: a sign of life of a run that is in the middle of something long. */
export const stillMeasuring = ({ message: { event } }: Message, elapsedSeconds: number): Message =>
  event?.$case === 'progress'
    ? message({ $case: 'progress', value: { ...event.value, elapsedSeconds } }, true)
    : message(event as NonNullable<GradientNormResponse['event']>, true);

/** The message of one event. */
export function eventMessage(runId: string, event: GradientNormEvent, durationSeconds: number): Message {
  switch (event.type) {
    case 'progress':
      return message(
        { $case: 'progress', value: { ...event.progress, phase: numberFor(PHASES, event.progress.phase) } },
        true,
      );
    case 'result': {
      const { result } = event;
      return message({
        $case: 'result',
        value: {
          exampleKey: result.key,
          tasks: result.tasks.map(writeGradient),
          jointMean: writeNorms(result.jointMean),
          jointSum: writeNorms(result.jointSum),
          gram: [...result.gram],
          cosine: [...result.cosine],
          warnings: result.warnings.map((warning) => ({ ...warning })),
        },
      });
    }
    case 'sweep-point':
      return message({ $case: 'sweepPoint', value: { ...event.point } });
    case 'summary': {
      const { summary } = event;
      return message({
        $case: 'summary',
        value: {
          runId,
          tasks: summary.tasks.map(writeGradient),
          jointMean: writeNorms(summary.jointMean),
          jointSum: writeNorms(summary.jointSum),
          theorem1Factor: summary.theorem1Factor,
          theorem1AbsentReason: summary.theorem1AbsentReason,
          gramFactor: summary.gramFactor,
          meanGram: [...summary.meanGram],
          terminatedBy: numberFor(TERMINATIONS, summary.terminatedBy),
          provenance: writeProvenance(summary.provenance),
          durationSeconds,
        },
      });
    }
  }
}

const writeNorms = ({ l1, l2, linf }: GradientNorms): WireGradientNorms => ({ l1, l2, linf });

const writeGradient = ({ task, loss, norms, labelSource }: TaskGradient): WireTaskGradient => ({
  task,
  loss,
  norms: writeNorms(norms),
  labelSource: numberFor(LABEL_SOURCES, labelSource),
});
