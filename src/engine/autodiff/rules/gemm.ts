import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { scale, transposeMatrix } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { unbroadcast } from '../unbroadcast.js';

/**
 * Gradient of `Gemm`: Y = α A' B' + β C, where ' transposes or does not.
 *
 *   dA' = α dY B'ᵀ        dB' = α A'ᵀ dY        dC = β dY, summed to the shape of C
 *
 * Shapes: A' [I, K], B' [K, J], Y [I, J]; C broadcasts to Y.
 * Spec: https://onnx.ai/onnx/operators/onnx__Gemm.html
 */
export const gemm: GradientRule = {
  backward(g, node) {
    const dY = node.cotangent(0);
    const [alpha, beta] = [node.float('alpha', 1), node.float('beta', 1)];
    const isTransposed = { a: node.int('transA', 0) === 1, b: node.int('transB', 0) === 1 };
    const [a, b] = [node.input(0), node.input(1)];
    return [
      () => {
        const gradient = product(g, dY, isTransposed.b ? b : transposeMatrix(g, b), alpha);
        return isTransposed.a ? transposeMatrix(g, gradient) : gradient;
      },
      () => {
        const gradient = product(g, isTransposed.a ? a : transposeMatrix(g, a), dY, alpha);
        return isTransposed.b ? transposeMatrix(g, gradient) : gradient;
      },
      ...(node.inputCount > 2 ? [() => unbroadcast(g, scale(g, dY, beta), node.input(2).shape)] : []),
    ];
  },
};

const product = (g: GraphBuilder, a: Value, b: Value, factor: number): Value =>
  scale(g, g.op('MatMul', [a, b]), factor);
