import { meanOf, sumOverValid } from '../mean.js';
import type { Metric } from '../metric.js';

/** Mean of |output − label| over the elements that count, in the unit of the label. Range: [0, ∞). */
export const absoluteError: Metric = {
  higherIsBetter: false,
  isRatio: false,
  measure: ({ output, labels, valid }) =>
    sumOverValid(valid, (i) => Math.abs((output[i] as number) - (labels[i] as number))),
  value: meanOf,
};
