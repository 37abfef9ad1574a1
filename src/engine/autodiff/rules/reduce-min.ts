import { DATA_TYPES } from '../../onnx/data-types.js';
import { sumOver, where } from '../emit.js';
import { reduce } from '../reduce.js';
import { reducedAxes } from '../reduction.js';

/**
 * Gradient of `ReduceMin`: Y = the smallest X over some axes.
 *
 *   dX = dY / k at the k elements that equal Y, else 0        (as torch.amax)
 *
 * Shapes: Y and dY broadcast over X; X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReduceMin.html
 */
export const reduceMin = reduce((g, node, y, dY) => {
  const isExtreme = g.op('Equal', [node.input(0), y]);
  const count = sumOver(g, g.op('Cast', [isExtreme], { to: DATA_TYPES.float32 }), reducedAxes(node));
  return where(g, isExtreme, g.op('Div', [dY, count]));
});
