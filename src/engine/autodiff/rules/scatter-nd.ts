import { zeros } from '../emit.js';
import type { GradientRule } from '../gradient-rule.js';
import { unsupported } from '../unsupported.js';

/**
 * Gradient of `ScatterND`: Y is X with updates U at some positions, or added there.
 *
 *   dX = dY, with 0 at the positions unless the updates are added
 *   dU = GatherND(dY)
 *
 * Shapes: dX is as X, dU as U.
 * Spec: https://onnx.ai/onnx/operators/onnx__ScatterND.html
 */
export const scatterNd: GradientRule = {
  backward(g, node) {
    const reduction = node.string('reduction', 'none');
    if (reduction !== 'none' && reduction !== 'add') throw unsupported(node, `reduction ${reduction}`);
    const dY = node.cotangent(0);
    const indices = node.input(1);
    return [
      () => (reduction === 'add' ? dY : g.op('ScatterND', [dY, indices, zeros(g, node.input(2).shape)])),
      undefined,
      () => g.op('GatherND', [dY, indices]),
    ];
  },
};
