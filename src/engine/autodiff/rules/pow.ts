import { DATA_TYPES } from '../../onnx/data-types.js';
import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { scale, where } from '../emit.js';
import type { BackwardNode, GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Pow`: Y = X^C.
 *
 *   dX = dY C X^(C − 1)        dC = dY Y log X
 *
 * dX is 0 where X is 0 and C < 1: there the slope is infinite, which no attack could use, and would turn into NaN on the way
 * back. dC is 0 where X ≤ 0, where it is no number.
 *
 * Shapes: X and C broadcast to Y; `pullback` sums back to X and C.
 * Spec: https://onnx.ai/onnx/operators/onnx__Pow.html
 */
export const pow: GradientRule = {
  broadcasts: true,
  backward: (g, node) => [() => baseGradient(g, node), () => exponentGradient(g, node)],
};

function baseGradient(g: GraphBuilder, node: BackwardNode): Value {
  const [x, dY] = [node.input(0), node.cotangent(0)];
  const exponents = node.constant(1) === undefined ? undefined : node.numbers(1);
  if (exponents?.every((c) => c === 1)) return dY;
  if (exponents?.every((c) => c === 2)) return scale(g, g.op('Mul', [dY, x]), 2);
  const c = g.op('Cast', [node.input(1)], { to: DATA_TYPES.float32 }); // it may be whole numbers
  const gradient = g.op('Mul', [dY, g.op('Mul', [c, g.op('Pow', [x, g.op('Sub', [c, g.scalar(1)])])])]);
  if (exponents?.every((value) => value >= 1)) return gradient;
  const isPole = g.op('And', [g.op('Equal', [x, g.scalar(0)]), g.op('Less', [c, g.scalar(1)])]);
  return g.op('Where', [isPole, g.scalar(0), gradient]);
}

function exponentGradient(g: GraphBuilder, node: BackwardNode): Value {
  const x = node.input(0);
  const gradient = g.op('Mul', [node.cotangent(0), g.op('Mul', [node.output(0), g.op('Log', [x])])]);
  return where(g, g.op('Greater', [x, g.scalar(0)]), gradient);
}
