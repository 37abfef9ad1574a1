import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { reshape, transposeMatrix } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { unbroadcast } from '../unbroadcast.js';

/**
 * Gradient of `MatMul`: Y = A B, for each pair of matrices that broadcasting the other axes gives.
 *
 *   dA = dY Bᵀ        dB = Aᵀ dY
 *
 * An operand with one axis is a row on the left and a column on the right.
 *
 * Shapes: A […, I, K], B […, K, J], Y […, I, J]; dA as A, dB as B.
 * Spec: https://onnx.ai/onnx/operators/onnx__MatMul.html
 */
export const matMul: GradientRule = {
  backward(g, node) {
    const [a, b] = [node.input(0), node.input(1)];
    const left = a.shape.length === 1 ? reshape(g, a, [1, ...a.shape]) : a;
    const right = b.shape.length === 1 ? reshape(g, b, [...b.shape, 1]) : b;
    const dY = asMatrices(g, node.cotangent(0), left, right);
    const back = (gradient: Value, operand: Value, matrices: Value): Value =>
      reshapeIfNeeded(g, unbroadcast(g, gradient, matrices.shape), operand);
    return [
      () => back(g.op('MatMul', [dY, transposeMatrix(g, right)]), a, left),
      () => back(g.op('MatMul', [transposeMatrix(g, left), dY]), b, right),
    ];
  },
};

/** dY with the axes that operands of one axis have lost. */
function asMatrices(g: GraphBuilder, dY: Value, left: Value, right: Value): Value {
  const batch = left.shape.length >= right.shape.length ? left.shape.length - 2 : right.shape.length - 2;
  const shape = [...dY.shape.slice(0, batch), left.shape.at(-2) as number, right.shape.at(-1) as number];
  return shape.length === dY.shape.length ? dY : reshape(g, dY, shape);
}

const reshapeIfNeeded = (g: GraphBuilder, gradient: Value, { shape }: Value): Value =>
  gradient.shape.length === shape.length ? gradient : reshape(g, gradient, shape);
