import { isFloatingPoint } from '../onnx/data-types.js';
import type { GraphBuilder, Value } from '../onnx/graph.js';
import type { BackwardNode, GradientRule, InputGradient } from './gradient-rule.js';
import { unsupported } from './unsupported.js';

/**
 * The rule of an operator whose first input alone has a derivative.
 *
 * @param derivative appends dX, from the node and dY
 */
export const unary = (derivative: (g: GraphBuilder, node: BackwardNode, dY: Value) => Value): GradientRule => ({
  backward: (g, node) => onlyFirst(node, () => derivative(g, node, node.cotangent(0))),
});

/** Gradients of a node of whose inputs only the first has one. Others that are no whole numbers must be constants. */
export const onlyFirst = (node: BackwardNode, append: () => Value): readonly InputGradient[] =>
  Array.from({ length: node.inputCount }, (_, i) => {
    if (i === 0) return append;
    return node.hasInput(i) && isFloatingPoint(node.input(i).dataType) ? () => refused(node, i) : undefined;
  });

function refused(node: BackwardNode, index: number): never {
  throw unsupported(node, `an input ${index} that depends on the pixels`);
}
