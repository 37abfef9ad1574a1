import { map, mapExamples, type Tensor } from '../tensor/tensor.js';
import type { Norm } from './attack.js';
import { l2Norm } from './norms.js';

/**
 * The direction of length 1 in which a linear function with this gradient grows most: the sign of each element for L∞, the
 * gradient over its length for L2, per example. A gradient of 0 gives no direction.
 */
export function steepest(gradient: Tensor, norm: Norm): Tensor {
  if (norm === 'linf') return map(gradient, Math.sign);
  return mapExamples(gradient, (example) => {
    const length = l2Norm(example);
    return length === 0 ? example : example.map((value) => value / length);
  });
}
