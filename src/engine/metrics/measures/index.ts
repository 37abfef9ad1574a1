import { findMember } from '../../find-member.js';
import type { Metric } from '../metric.js';
import { absoluteError } from './absolute-error.js';
import { accuracy } from './accuracy.js';
import { miou } from './miou.js';
import { mse } from './mse.js';

/** Every metric, by the name that `model.yaml` gives it, one line each, in alphabetical order. */
const metrics: Readonly<Record<string, Metric>> = {
  'absolute-error': absoluteError,
  accuracy,
  miou,
  mse,
};

/** @throws EngineError `INVALID_OPTION`. Thrown when there is no such metric. */
export const findMetric = (name: string): Metric => findMember('metric', metrics, name);
