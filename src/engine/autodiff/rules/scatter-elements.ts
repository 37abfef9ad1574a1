import { zeros } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `ScatterElements`: Y is X with updates U at some positions, or added there.
 *
 *   dX = dY, with 0 at the positions unless the updates are added
 *   dU = GatherElements(dY)
 *
 * Shapes: dX is as X, dU as U.
 * Spec: https://onnx.ai/onnx/operators/onnx__ScatterElements.html
 */
export const scatterElements: GradientRule = {
  backward(g, node) {
    const reduction = node.string('reduction', 'none');
    if (reduction !== 'none' && reduction !== 'add') throw unsupported(node, `reduction ${reduction}`);
    const dY = node.cotangent(0);
    const indices = node.input(1);
    return [
      () =>
        reduction === 'add'
          ? dY
          : g.op('ScatterElements', [dY, indices, zeros(g, node.input(2).shape)], { axis: node.int('axis', 0) }),
      undefined,
      () => g.op('GatherElements', [dY, indices], { axis: node.int('axis', 0) }),
    ];
  },
};
