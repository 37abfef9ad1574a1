import { meanOf, sumOverValid } from '../mean.js';
import type { Metric } from '../metric.js';

/** Mean of (output − label)² over the elements that count, in the square of the label's unit. Range: [0, ∞). */
export const mse: Metric = {
  higherIsBetter: false,
  isRatio: false,
  measure: ({ output, labels, valid }) =>
    sumOverValid(valid, (i) => ((output[i] as number) - (labels[i] as number)) ** 2),
  value: meanOf,
};
