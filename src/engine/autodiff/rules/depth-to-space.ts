import { reshape, transpose } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `DepthToSpace`: blocks of channels become blocks of pixels.
 *
 *   dX = the blocks of pixels of dY as channels again
 *
 * Shapes: X and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__DepthToSpace.html
 */
export const depthToSpace = unary((g, node, dY) => {
  const [batch = 1, channels = 1, height = 1, width = 1] = node.input(0).shape;
  const block = node.int('blocksize');
  if (node.string('mode', 'DCR') === 'DCR') return g.op('SpaceToDepth', [dY], { blocksize: block });
  // CRD: channel c b² + i b + j is pixel (i, j) of the block.
  const blocks = reshape(g, dY, [batch, channels / block ** 2, height, block, width, block]);
  return reshape(g, transpose(g, blocks, [0, 1, 3, 5, 2, 4]), [batch, channels, height, width]);
});
