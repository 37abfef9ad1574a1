import type {
  PredictRequest,
  PredictResponse,
  TaskPrediction as WireTaskPrediction,
} from '../../contract/robustgate/v1/predict.js';
import {
  EngineError,
  type JobInput,
  type ModelInfo,
  type PredictField,
  type Prediction,
  type PredictJob,
  type TaskInfo,
  type TaskPrediction,
  Violations,
} from '../../engine/index.js';
import { PREDICT_FIELDS, wordFor } from './enums.js';
import { writeMetric } from './metrics.js';
import { writeTensor } from './tensors.js';

/** What a gRPC client accepts unless told otherwise. */
const DEFAULT_MAX_REPLY_BYTES = 4 * 2 ** 20;
const MAX_REPLY_BYTES = 2 ** 31 - 1;
/** Names, shapes and metrics beside the numbers of a tensor, in bytes. */
const OVERHEAD_BYTES = 200;
/** Most entries of a confusion matrix are small. */
const CONFUSION_BYTES = 2;

/** A request without its examples. */
export interface PredictWish {
  readonly tasks: readonly string[];
  readonly fields: readonly PredictField[];
  readonly maxReplyBytes: number;
}

/** @throws EngineError `INVALID_REQUEST`. Thrown when something is wrong, with a violation for each. */
export function readPredictWish(request: PredictRequest, model: ModelInfo): PredictWish {
  const violations = new Violations();
  const names = model.tasks.map(({ name }) => name);
  for (const [i, task] of request.tasks.entries()) {
    violations.expect(
      names.includes(task),
      `tasks[${i}]`,
      `expected one of ${names.join(', ')}, got ${task || 'none'}`,
    );
  }
  const fields = request.fields.flatMap((field, i): PredictField[] => {
    const word = wordFor(PREDICT_FIELDS, field, `fields[${i}]`, violations);
    return word === undefined ? [] : [word];
  });
  const maxReplyBytes = Number(request.maxReplyBytes ?? DEFAULT_MAX_REPLY_BYTES);
  const isSize = maxReplyBytes >= 1 && maxReplyBytes <= MAX_REPLY_BYTES;
  violations.expect(isSize, 'max_reply_bytes', `expected 1 … ${MAX_REPLY_BYTES}, got ${maxReplyBytes}`);
  violations.throwIfAny('INVALID_REQUEST');
  return {
    tasks: request.tasks.length > 0 ? names.filter((name) => request.tasks.includes(name)) : names,
    fields,
    maxReplyBytes,
  };
}

/**
 * The job, unless its reply would be larger than the client takes.
 *
 * @throws EngineError `REPLY_TOO_LARGE`. Thrown when it would be.
 */
export function predictJob(wish: PredictWish, inputs: readonly JobInput[], model: ModelInfo): PredictJob {
  const bytes = inputs.reduce((sum, input) => sum + replyBytesOf(wish, input, model), 0);
  if (bytes > wish.maxReplyBytes) {
    throw new EngineError(
      'REPLY_TOO_LARGE',
      `expected a reply of at most ${wish.maxReplyBytes} bytes, got one of about ${bytes}: ask for fewer examples, tasks or ` +
        'fields, or set max_reply_bytes, and the limit of the client, higher',
    );
  }
  return { inputs, tasks: wish.tasks, fields: wish.fields };
}

/** From the shapes of outputs; where a length depends on the image, it is taken for the image's own. */
function replyBytesOf({ tasks, fields }: PredictWish, { key, shape, labels }: JobInput, model: ModelInfo): number {
  const known = model.tasks.filter(({ name }) => tasks.includes(name));
  const own = OVERHEAD_BYTES + Buffer.byteLength(key);
  return known.reduce((sum, task) => {
    const confusion =
      labels.has(task.name) && task.labelForm === 'class-map' ? CONFUSION_BYTES * task.classCount ** 2 : 0;
    return sum + OVERHEAD_BYTES + confusion + taskBytes(task, fields, Math.max(...shape));
  }, own);
}

function taskBytes(task: TaskInfo, fields: readonly PredictField[], unknownLength: number): number {
  const size = task.shape.reduce((product, n) => product * (n === -1 ? unknownLength : n), 1);
  const hasClasses = task.labelForm === 'class' || task.labelForm === 'class-map';
  const wanted = fields.length > 0 ? fields : [hasClasses ? 'labels' : 'values'];
  const labels = hasClasses ? (size / task.classCount) * (task.classCount <= 256 ? 1 : 4) : 0;
  return wanted.reduce((sum, field) => sum + (field === 'labels' ? labels : 4 * size), 0);
}

export const predictResponse = (model: ModelInfo, predictions: readonly Prediction[]): PredictResponse => ({
  modelName: model.name,
  modelVersion: model.version,
  predictions: predictions.map(({ key, tasks }) => ({ exampleKey: key, tasks: tasks.map(writePrediction) })),
});

const writePrediction = ({ task, labels, values, raw, metric }: TaskPrediction): WireTaskPrediction => ({
  task,
  labels: labels && writeTensor(labels),
  values: values && writeTensor(values),
  raw: raw && writeTensor(raw),
  metric: metric && writeMetric(metric),
});
