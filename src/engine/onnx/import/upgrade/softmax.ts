import type { NodeDef } from '../../graph.js';
import { intOf, type UpgradePass, withAttribute } from './pass.js';

/**
 * `Softmax`, `LogSoftmax` and `Hardmax`: before opset 13 they flatten all axes from `axis` (by default 1) on, and normalise over
 * them together.
 *
 * Spec: https://onnx.ai/onnx/operators/onnx__Softmax.html (version 11)
 */
export const softmax: UpgradePass = {
  until: 13,
  upgrade(node, context) {
    const axis = intOf(node, 'axis') ?? 1;
    // The last axis alone is what it is in both.
    if (axis === -1) return [node];
    const [input = '', output = ''] = [node.inputs[0], node.outputs[0]];
    const [shape, flat, normalised] = [context.freshName(), context.freshName(), context.freshName()];
    const made = (opType: string, inputs: readonly string[], to: string): NodeDef => ({
      opType,
      domain: '',
      name: to,
      inputs,
      outputs: [to],
      attributes: new Map(),
    });
    return [
      made('Shape', [input], shape),
      withAttribute(made('Flatten', [input], flat), 'axis', { type: 'int', value: axis }),
      { ...withAttribute(node, 'axis', { type: 'int', value: 1 }), inputs: [flat], outputs: [normalised] },
      made('Reshape', [normalised, shape], output),
    ];
  },
};
