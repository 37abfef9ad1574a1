import type { GraphBuilder, Value } from '../onnx/graph.js';
import type { BackwardNode, GradientRule, InputGradient } from './gradient-rule.js';

/**
 * The rule of an operator whose first input alone has a derivative, element by element.
 *
 * @param derivative appends dX, from the node and dY
 */
export const unary = (derivative: (g: GraphBuilder, node: BackwardNode, dY: Value) => Value): GradientRule => ({
  backward: (g, node) => onlyFirst(node, () => derivative(g, node, node.cotangent(0))),
});

/** Gradients of a node of whose inputs only the first has one. */
export const onlyFirst = (node: Pick<BackwardNode, 'inputCount'>, append: () => Value): readonly InputGradient[] =>
  Array.from({ length: node.inputCount }, (_, i) => (i === 0 ? append : undefined));
