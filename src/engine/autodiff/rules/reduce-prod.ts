import { DATA_TYPES } from '../../onnx/data-types.js';
import { sumOver, where } from '../emit.js';
import { reduce } from '../reduce.js';
import { reducedAxes } from '../reduction.js';

/**
 * Gradient of `ReduceProd`: Y = Π X over some axes.
 *
 *   dX = dY Π of the others: the product without zeros, over X;
 *        at a zero that is the only one, that product; 0 beside it
 *
 * Shapes: Y and dY broadcast over X; X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__ReduceProd.html
 */
export const reduceProd = reduce((g, node, _, dY) => {
  const x = node.input(0);
  const axes = reducedAxes(node);
  if (axes.length === 0) return dY;
  const isZero = g.op('Equal', [x, g.scalar(0)]);
  const nonZero = g.op('Where', [isZero, g.scalar(1), x]);
  const product = g.op('Mul', [dY, g.op('ReduceProd', [nonZero, g.integers(axes)], { keepdims: 1 })]);
  const count = sumOver(g, g.op('Cast', [isZero], { to: DATA_TYPES.float32 }), axes);
  const atZero = where(g, g.op('Equal', [count, g.scalar(1)]), product);
  const beside = where(g, g.op('Equal', [count, g.scalar(0)]), product);
  return g.op('Where', [isZero, atZero, g.op('Div', [beside, nonZero])]);
});
