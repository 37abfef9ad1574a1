import { unary } from '../unary.js';

/**
 * Gradient of `SpaceToDepth`: blocks of pixels become blocks of channels.
 *
 *   dX = DepthToSpace(dY)
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__SpaceToDepth.html
 */
export const spaceToDepth = unary((g, node, dY) =>
  g.op('DepthToSpace', [dY], { blocksize: node.int('blocksize'), mode: 'DCR' }),
);
