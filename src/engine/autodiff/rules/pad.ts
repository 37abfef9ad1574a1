import type { GraphBuilder, TensorValue, Value } from '../../onnx/graph.js';
import { float32Of, int64Tensor } from '../../onnx/tensor-value.js';
import { alongAxis } from '../along-axis.js';
import {
  type AxisPadding,
  axisOf,
  identityMatrix,
  padded,
  range,
  reshape,
  sumBeside,
  transposeMatrix,
  zeros,
} from '../emit.js';
import type { BackwardNode, ForwardNode, GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Pad`: Y is X with borders, which hold a constant or repeat elements of X.
 *
 *   constant: dX = dY without the borders        dc = Σ dY of the borders, c the constant
 *   others:   dX = A₁ᵀ A₂ᵀ … dY,  Aᵢ the matrix of the padding along axis i
 *
 * The matrices come from padding identity matrices, once, while a program is built.
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Pad.html
 */
export const pad: GradientRule = {
  probes: (node) => (mode(node) === 'constant' ? [] : paddedAxes(node).map((padding) => probeOf(node, padding))),
  backward(g, node) {
    const dX = (): Value => (mode(node) === 'constant' ? cropped(g, node) : folded(g, node));
    const dValue = (): Value => {
      if (mode(node) !== 'constant') return zeros(g, node.input(2).shape);
      const inner = sumBeside(g, cropped(g, node), []);
      return reshape(g, g.op('Sub', [sumBeside(g, node.cotangent(0), []), inner]), node.input(2).shape);
    };
    return [dX, undefined, dValue, undefined].slice(0, node.inputCount);
  },
};

function cropped(g: GraphBuilder, node: BackwardNode): Value {
  const cuts = paddedAxes(node).map(({ axis, begin, end }) => ({ axis, begin: -begin, end: -end }));
  return padded(g, node.cotangent(0), cuts);
}

const folded = (g: GraphBuilder, node: BackwardNode): Value =>
  paddedAxes(node).reduce((gradient: Value, { axis }, i) => {
    const shape = [node.input(0).shape[axis] as number, node.output(0).shape[axis] as number];
    return alongAxis(g, gradient, axis, transposeMatrix(g, g.floats(float32Of(node.probe(i)), shape)));
  }, node.cotangent(0));

const mode = (node: ForwardNode): string => node.string('mode', 'constant');

function paddedAxes(node: ForwardNode): readonly AxisPadding[] {
  const rank = node.input(0).shape.length;
  const pads = node.numbers(1) ?? [];
  const axes = (node.hasInput(3) ? node.numbers(3) : undefined) ?? range(rank);
  return axes
    .map((axis, i) => ({ axis: axisOf(axis, rank), begin: pads[i] as number, end: pads[i + axes.length] as number }))
    .filter(({ begin, end }) => begin !== 0 || end !== 0);
}

/** The same padding of each row of an identity matrix. */
function probeOf(node: ForwardNode, { axis, begin, end }: AxisPadding): { inputs: (TensorValue | undefined)[] } {
  const length = node.input(0).shape[axis] as number;
  return { inputs: [identityMatrix(length, [length, length]), int64Tensor([0, begin, 0, end])] };
}
