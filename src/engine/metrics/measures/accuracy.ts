import { meanOf, sumOverValid } from '../mean.js';
import type { Metric } from '../metric.js';
import { predictedClasses } from '../predicted-class.js';

/**
 * Share of positions whose class is predicted: 1 or 0 for a classification, pixel accuracy for a segmentation, share of
 * right classes for a multi-label task (whose labels have the output's size). Range: [0, 1].
 */
export const accuracy: Metric = {
  higherIsBetter: true,
  isRatio: true,
  measure({ output, outputShape, classAxis, labels, valid, threshold }) {
    if (labels.length === output.length) {
      return sumOverValid(valid, (i) => Number((output[i] as number) > threshold === (labels[i] as number) > 0.5));
    }
    const classes = predictedClasses(output, outputShape, classAxis);
    return sumOverValid(valid, (i) => Number(classes[i] === labels[i]));
  },
  value: meanOf,
};
