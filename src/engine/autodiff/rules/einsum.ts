import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { type EinsumEquation, einsumEquation } from '../einsum-equation.js';
import { expand, range, reshape } from '../emit.js';
import type { BackwardNode, GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Einsum`: Y[o] = Σ A[a] B[b] … over the labels that are not in o.
 *
 *   dA[a] = Σ dY[o] B[b] … over the labels that are not in a, repeated along the labels that are in a alone
 *
 * Shapes: dA is as A.
 * Spec: https://onnx.ai/onnx/operators/onnx__Einsum.html
 */
export const einsum: GradientRule = {
  backward(g, node) {
    const equation = einsumEquation(node);
    return range(node.inputCount).map((i) => () => gradient(g, node, equation, i));
  },
};

function gradient(g: GraphBuilder, node: BackwardNode, equation: EinsumEquation, index: number): Value {
  const { operands, output, lengths, spare } = equation;
  const { shape } = node.input(index);
  /** Labels of an operand, without axes of length 1 that are stretched. */
  const whole = (i: number): string =>
    [...(operands[i] as string)].filter((label, axis) => node.input(i).shape[axis] === lengths.get(label)).join('');
  const others = range(node.inputCount).filter((i) => i !== index);
  const factors = others.map((i) => {
    const kept = [...whole(i)].map((label) => lengths.get(label) as number);
    return kept.length === node.input(i).shape.length ? node.input(i) : reshape(g, node.input(i), kept);
  });
  const sources = [output, ...others.map(whole)];
  const made = [...whole(index)].filter((label) => sources.some((labels) => labels.includes(label))).join('');
  // Scalars are written as vectors of one element: an empty term in an equation is asking for trouble.
  const terms = sources.map((labels) => labels || spare);
  const product = g.op(
    'Einsum',
    [node.cotangent(0), ...factors].map((value) => asTensor(g, value)),
    { equation: `${terms.join()}->${made}` },
  );
  const places = [...(operands[index] as string)].map((label) =>
    made.includes(label) ? (lengths.get(label) as number) : 1,
  );
  const placed = reshape(g, product, places);
  return places.every((length, axis) => length === shape[axis]) ? placed : expand(g, placed, shape);
}

const asTensor = (g: GraphBuilder, value: Value): Value => (value.shape.length === 0 ? reshape(g, value, [1]) : value);
