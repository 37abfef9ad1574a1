import type { GraphBuilder, Value } from '../onnx/graph.js';
import { reshape } from './emit.js';
import type { BackwardNode, GradientRule } from './gradient-rule.js';
import { keptShape } from './reduction.js';
import { unary } from './unary.js';

/**
 * The rule of a reduction.
 *
 * @param derivative appends dX from the node, Y and dY, both of which broadcast over X
 */
export const reduce = (derivative: (g: GraphBuilder, node: BackwardNode, y: Value, dY: Value) => Value): GradientRule =>
  unary((g, node, dY) => {
    const shape = keptShape(node);
    return derivative(g, node, reshape(g, node.output(0), shape), reshape(g, dY, shape));
  });
