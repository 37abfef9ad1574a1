import {
  AttackField,
  arrayOf,
  type CollectedResult,
  LabelSource,
  RunPhase,
  type Tensor,
  TerminatedBy,
  type MetricValue as WireMetric,
  type TaskOutcome as WireOutcome,
  type AttackProgress as WireProgress,
  type Provenance as WireProvenance,
} from '../../clients/index.js';
import type {
  AttackProgress,
  MetricValue,
  Provenance,
  ReplyTensor,
  TargetResult,
  TaskOutcome,
} from '../../engine/index.js';
import { engineWord } from './wire-words.js';

/** Progress as the engine tells it. */
export const readProgress = (progress: WireProgress): AttackProgress => ({
  ...progress,
  phase: engineWord(RunPhase, progress.phase),
  examplesBroken: progress.examplesBroken,
  etaSeconds: progress.etaSeconds,
});

/** The attack on one example as the engine tells it. */
export function readResult({ result, payloads }: CollectedResult): TargetResult {
  return {
    key: result.exampleKey,
    tasks: result.tasks.map(readOutcome),
    perturbation: result.perturbation ?? { linf: Number.NaN, l2: Number.NaN },
    steps: result.steps,
    restart: result.restart,
    terminatedBy: engineWord(TerminatedBy, result.terminatedBy),
    batchSize: result.batchSize,
    warnings: result.warnings,
    adversarialPng: payloads.find(({ id }) => id.field === AttackField.ADVERSARIAL_PNG)?.data,
  };
}

const readOutcome = (outcome: WireOutcome): TaskOutcome => ({
  task: outcome.task,
  attacked: outcome.attacked,
  labelSource: engineWord(LabelSource, outcome.labelSource),
  clean: readMetric(outcome.clean),
  adversarial: readMetric(outcome.adversarial),
  adversarial8bit: outcome.adversarial8bit && readMetric(outcome.adversarial8bit),
  cleanLoss: outcome.cleanLoss,
  adversarialLoss: outcome.adversarialLoss,
  broken: outcome.broken,
  cleanBroken: outcome.cleanBroken,
});

function readMetric(metric: WireMetric | undefined): MetricValue {
  const { name, value, unit, higherIsBetter, count, sum, confusion } = metric ?? NOTHING;
  const part = { count: Number(count), sum, ...(confusion.length > 0 && { confusion: confusion.map(Number) }) };
  return { name, value, unit, higherIsBetter, part };
}

const NOTHING: WireMetric = {
  name: '',
  value: undefined,
  unit: '',
  higherIsBetter: false,
  count: 0n,
  sum: 0,
  confusion: [],
};

/** What made the results of a run. */
export const readProvenance = ({ seed, ...rest }: WireProvenance): Provenance => ({ ...rest, seed: Number(seed) });

/** A raw output of a prediction. */
export function readRaw(tensor: Tensor): ReplyTensor {
  const data = arrayOf(tensor);
  if (!(data instanceof Float32Array)) throw new TypeError(`expected FP32 in a raw output, got ${tensor.datatype}`);
  return { datatype: 'FP32', shape: tensor.shape.map(Number), data };
}
