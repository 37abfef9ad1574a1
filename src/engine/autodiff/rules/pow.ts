import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { scale } from '../emit.js';
import type { BackwardNode, GradientRule } from '../gradient-rule.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `Pow`: Y = X^c.
 *
 *   dX = dY c X^(c − 1)        dC = dY Y log X
 *
 * Common exponents that are constants have forms of their own. dX is 0 where dY is 0, whatever X is; dC is refused, unless X
 * is a constant.
 *
 * Shapes: X and c broadcast to Y; `pullback` sums back to X and c.
 * Spec: https://onnx.ai/onnx/operators/onnx__Pow.html
 */
export const pow: GradientRule = {
  broadcasts: true,
  backward: (g, node) => [
    () => baseGradient(g, node, node.cotangent(0)),
    () => {
      if (node.constant(0) === undefined)
        throw unsupported(node, 'an exponent and a base that both depend on the pixels');
      return g.op('Mul', [node.cotangent(0), g.op('Mul', [node.output(0), g.op('Log', [node.input(0)])])]);
    },
  ],
};

function baseGradient(g: GraphBuilder, node: BackwardNode, dY: Value): Value {
  const x = node.input(0);
  const exponents = node.constant(1) === undefined ? [] : (node.numbers(1) ?? []);
  const [exponent] = exponents;
  const isUniform = exponent !== undefined && exponents.every((value) => value === exponent);
  if (isUniform && exponent === 1) return dY;
  if (isUniform && exponent === 2) return scale(g, g.op('Mul', [dY, x]), 2);
  const power = node.input(1).dataType === 'float32' ? node.input(1) : g.op('Cast', [node.input(1)], { to: 1 });
  const isZero = g.op('Equal', [dY, g.scalar(0)]);
  const base = g.op('Where', [isZero, g.scalar(1), x]);
  const slope = g.op('Mul', [power, g.op('Pow', [base, g.op('Sub', [power, g.scalar(1)])])]);
  return g.op('Mul', [dY, slope]);
}
