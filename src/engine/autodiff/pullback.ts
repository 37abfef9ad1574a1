import { EngineError } from '../errors.js';
import type { GraphBuilder, Value } from '../onnx/graph.js';
import { isSameShape } from '../tensor/shape.js';
import type { BackwardNode, GradientRule } from './gradient-rule.js';
import { unbroadcast } from './unbroadcast.js';

/**
 * dL/d(input) for each input of `node` that `needs` asks for and that has a derivative, each with its input's shape.
 *
 * @throws EngineError `INTERNAL`. Thrown when the rule returns too few gradients, or one of another shape.
 * @throws EngineError `UNSUPPORTED_OP`. Thrown when the rule does not cover this form of the operator.
 */
export function pullback(
  g: GraphBuilder,
  rule: GradientRule,
  node: BackwardNode,
  needs: (input: number) => boolean,
): readonly (Value | undefined)[] {
  const gradients = rule.backward(g, node);
  if (gradients.length !== node.inputCount) {
    throw new EngineError(
      'INTERNAL',
      `expected ${node.inputCount} gradients for the inputs of ${node.opType}, got ${gradients.length}`,
    );
  }
  return gradients.map((append, i) => {
    if (append === undefined || !needs(i)) return undefined;
    const input = node.input(i);
    const gradient = rule.broadcasts ? unbroadcast(g, append(), input.shape) : append();
    if (!isSameShape(gradient.shape, input.shape)) {
      throw new EngineError(
        'INTERNAL',
        `expected a gradient of shape [${input.shape}] for input ${i} of ${node.opType}, got [${gradient.shape}]`,
      );
    }
    return gradient;
  });
}
