import type { Metric, MetricPart } from '../metric.js';
import { predictedClasses } from '../predicted-class.js';

/**
 * Mean intersection over union, from one confusion matrix over all examples: with n[y, p] positions of class y predicted
 * as p,
 *
 *   IoU[c] = n[c, c] / (Σ_p n[c, p] + Σ_y n[y, c] − n[c, c])
 *
 * averaged over the classes that occur as a label or a prediction. Range: [0, 1].
 * Source: Everingham et al., "The PASCAL Visual Object Classes Challenge", 2015; as the Cityscapes benchmark computes it.
 */
export const miou: Metric = {
  higherIsBetter: true,
  isRatio: true,
  measure({ output, outputShape, classAxis, labels, valid }) {
    const classes = outputShape[classAxis] ?? 0;
    const predicted = predictedClasses(output, outputShape, classAxis);
    const confusion = new Array<number>(classes * classes).fill(0);
    let [count, sum] = [0, 0];
    for (let i = 0; i < valid.length; i++) {
      if (!valid[i]) continue;
      const cell = (labels[i] as number) * classes + (predicted[i] as number);
      confusion[cell] = (confusion[cell] as number) + 1;
      count++;
      sum += Number(labels[i] === predicted[i]);
    }
    return { count, sum, confusion };
  },
  value: (parts) => meanIou(addConfusions(parts)),
};

/** The confusion matrices of all examples as one. */
export function addConfusions(parts: readonly MetricPart[]): readonly number[] {
  const [first] = parts;
  const total = new Array<number>(first?.confusion?.length ?? 0).fill(0);
  for (const { confusion = [] } of parts) for (const [i, n] of confusion.entries()) total[i] = (total[i] ?? 0) + n;
  return total;
}

function meanIou(confusion: readonly number[]): number | undefined {
  const ious = classIous(confusion).filter((iou) => iou !== undefined);
  return ious.length === 0 ? undefined : ious.reduce((sum, iou) => sum + iou, 0) / ious.length;
}

/** IoU of each class; `undefined` for a class that neither occurs nor is predicted. */
export const classIous = (confusion: readonly number[]): readonly (number | undefined)[] =>
  classUnions(confusion).map(({ both, union }) => (union > 0 ? both / union : undefined));

/** Positions of each class that are labelled and predicted as it, and those where either holds. */
export function classUnions(
  confusion: readonly number[],
): readonly { readonly both: number; readonly union: number }[] {
  const classes = Math.sqrt(confusion.length);
  return Array.from({ length: classes }, (_, c) => {
    let [row, column] = [0, 0];
    for (let other = 0; other < classes; other++) {
      row += confusion[c * classes + other] as number;
      column += confusion[other * classes + c] as number;
    }
    const both = confusion[c * classes + c] as number;
    return { both, union: row + column - both };
  });
}
