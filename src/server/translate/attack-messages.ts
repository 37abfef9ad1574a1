import type {
  AttackResponse,
  PayloadId,
  AttackParameters as WireAttackParameters,
  AttackProgress as WireAttackProgress,
  AttackResult as WireAttackResult,
  AttackSummary as WireAttackSummary,
  Payload as WirePayload,
  PerturbationNorms as WirePerturbationNorms,
  Provenance as WireProvenance,
  TaskOutcome as WireTaskOutcome,
} from '../../contract/robustgate/v1/attack.js';
import type { Objective as WireObjective } from '../../contract/robustgate/v1/objective.js';
import {
  type AttackJob,
  type AttackProgress,
  type AttackResult,
  type AttackSummary,
  formatSpec,
  type InputInfo,
  type ModelInfo,
  type Payload,
  type PerturbationNorms,
  type Provenance,
  type TaskOutcome,
} from '../../engine/index.js';
import type { StreamMessage } from '../grpc/handlers.js';
import type { ImagePool } from '../images/image-pool.js';
import {
  ATTACK_FIELDS,
  COMBINATIONS,
  CONDITIONS,
  HOUDINI_PUSHES,
  ITERATES,
  LABEL_SOURCES,
  NORMS,
  numberFor,
  PHASES,
  RANDOM_STARTS,
  TERMINATIONS,
} from './enums.js';
import { writeMetric } from './metrics.js';

/** Most bytes of a payload in one message. */
const CHUNK_BYTES = 512 * 1024;

type Message = StreamMessage<AttackResponse>;

const message = (event: NonNullable<AttackResponse['event']>, isProgress = false): Message => ({
  message: { event },
  isProgress,
});

/** Attack and objective in one line. */
export const specTextOf = (model: ModelInfo, { spec }: AttackJob): string =>
  formatSpec(spec, (task) => model.tasks.find(({ name }) => name === task)?.loss);

export function startedMessage(runId: string, model: ModelInfo, job: AttackJob): Message {
  const { spec, inputs } = job;
  const { parameters, objective, seed, batchSize: _size, fullBatches: _full } = spec;
  return message({
    $case: 'started',
    value: {
      runId,
      modelName: model.name,
      modelVersion: model.version,
      attack: writeParameters(spec.attack, parameters),
      objective: writeObjective(objective),
      specText: specTextOf(model, job),
      exampleCount: inputs.length,
      stepsPerExample: parameters.epsilon === 0 ? 0 : parameters.steps * parameters.restarts,
      seed: BigInt(seed),
    },
  });
}

const writeParameters = (name: string, parameters: AttackJob['spec']['parameters']): WireAttackParameters => ({
  name,
  epsilon: parameters.epsilon,
  stepSize: name === 'fgsm' ? parameters.epsilon : parameters.stepSize,
  steps: parameters.steps,
  restarts: parameters.restarts,
  randomStart: numberFor(RANDOM_STARTS, parameters.randomStart),
  decay: parameters.decay,
  norm: numberFor(NORMS, parameters.norm),
  houdiniPush: numberFor(HOUDINI_PUSHES, parameters.houdiniPush),
  iterate: numberFor(ITERATES, parameters.iterate),
  earlyStop: parameters.earlyStop,
  normalizeGradient: parameters.normalizeGradient,
});

const writeObjective = ({ combination, tasks }: AttackJob['spec']['objective']): WireObjective => ({
  combination: numberFor(COMBINATIONS, combination),
  tasks: tasks.map(({ task, weight, loss }) => ({ task, weight, loss })),
});

export function progressMessage(progress: AttackProgress): Message {
  const value: WireAttackProgress = {
    ...progress,
    phase: numberFor(PHASES, progress.phase),
    losses: progress.losses.map(({ task, value: loss }) => ({ task, value: loss })),
  };
  return message({ $case: 'progress', value }, true);
}

/** A run that waits for its turn. */
export const queuedMessage = (queuePosition: number, { spec, inputs }: AttackJob, elapsedSeconds: number): Message =>
  progressMessage({
    phase: 'queued',
    queuePosition,
    examplesDone: 0,
    examplesTotal: inputs.length,
    step: 0,
    steps: spec.parameters.steps,
    restart: 0,
    restarts: spec.parameters.restarts,
    losses: [],
    objective: 0,
    gradientNorm: 0,
    examplesBroken: undefined,
    elapsedSeconds,
    etaSeconds: undefined,
  });

/** The same progress, some time later: a sign of life of a run that is in the middle of something long. */
export const stillAttacking = ({ message: { event } }: Message, elapsedSeconds: number): Message =>
  event?.$case === 'progress'
    ? message({ $case: 'progress', value: { ...event.value, elapsedSeconds } }, true)
    : message(event as NonNullable<AttackResponse['event']>, true);

/** The messages of one result: its payloads in chunks, then itself. */
export async function* resultMessages(
  result: AttackResult,
  input: InputInfo,
  pool: ImagePool,
): AsyncGenerator<Message, void, void> {
  const payloads: WirePayload[] = [];
  for (const payload of result.payloads) {
    const id = payloadId(payload);
    const { bytes, ...described } = await packed(payload, input, pool);
    payloads.push({ id, ...described, sizeBytes: BigInt(bytes.length) });
    for (let offset = 0; offset < bytes.length || offset === 0; offset += CHUNK_BYTES) {
      const data = bytes.subarray(offset, offset + CHUNK_BYTES);
      yield message({
        $case: 'chunk',
        value: { exampleKey: result.key, payload: id, offset: BigInt(offset), total: BigInt(bytes.length), data },
      });
    }
  }
  yield message({ $case: 'result', value: writeResult(result, payloads) });
}

const payloadId = ({ field, task, condition }: Payload): PayloadId => ({
  field: numberFor(ATTACK_FIELDS, field),
  task: task ?? '',
  condition: condition === undefined ? 0 : numberFor(CONDITIONS, condition),
});

async function packed(
  { field, tensor }: Payload,
  input: InputInfo,
  pool: ImagePool,
): Promise<{ bytes: Uint8Array; datatype: string; shape: bigint[] }> {
  const shape = tensor.shape.map(BigInt);
  if (field === 'adversarial-8bit') {
    return { bytes: await pool.encodeOutput(tensor.data as Uint8Array, tensor.shape, input), datatype: 'PNG', shape };
  }
  const { data } = tensor;
  return { bytes: new Uint8Array(data.buffer, data.byteOffset, data.byteLength), datatype: tensor.datatype, shape };
}

const writeResult = (result: AttackResult, payloads: WirePayload[]): WireAttackResult => ({
  exampleKey: result.key,
  tasks: result.tasks.map(writeOutcome),
  perturbation: writeNorms(result.perturbation),
  perturbation8bit: result.perturbation8bit && writeNorms(result.perturbation8bit),
  steps: result.steps,
  restart: result.restart,
  terminatedBy: numberFor(TERMINATIONS, result.terminatedBy),
  batchSize: result.batchSize,
  payloads,
  warnings: result.warnings.map((warning) => ({ ...warning })),
});

const writeNorms = ({ linf, l2 }: PerturbationNorms): WirePerturbationNorms => ({ linf, l2 });

const writeOutcome = (outcome: TaskOutcome): WireTaskOutcome => ({
  task: outcome.task,
  attacked: outcome.attacked,
  labelSource: numberFor(LABEL_SOURCES, outcome.labelSource),
  clean: writeMetric(outcome.clean),
  adversarial: writeMetric(outcome.adversarial),
  adversarial8bit: outcome.adversarial8bit && writeMetric(outcome.adversarial8bit),
  cleanLoss: outcome.cleanLoss,
  adversarialLoss: outcome.adversarialLoss,
  broken: outcome.broken,
  cleanBroken: outcome.cleanBroken,
});

export function summaryMessage(runId: string, summary: AttackSummary, durationSeconds: number): Message {
  const value: WireAttackSummary = {
    runId,
    terminatedBy: numberFor(TERMINATIONS, summary.terminatedBy),
    tasks: summary.tasks.map(writeOutcome),
    exampleCount: summary.exampleCount,
    examplesBroken: summary.examplesBroken,
    imageSteps: BigInt(summary.imageSteps),
    remoteQueries: BigInt(summary.remoteQueries),
    durationSeconds,
    provenance: writeProvenance(summary.provenance),
  };
  return message({ $case: 'summary', value });
}

export const writeProvenance = ({ seed, surrogate, ...provenance }: Provenance): WireProvenance => ({
  ...provenance,
  seed: BigInt(seed),
  surrogate: surrogate && { ...surrogate },
});
