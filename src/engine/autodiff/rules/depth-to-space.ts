import { reshape, transpose } from '../emit.js';
import { unary } from '../unary.js';

/**
 * Gradient of `DepthToSpace`: blocks of channels become blocks of pixels.
 *
 *   dX = the blocks of pixels of dY as channels again
 *
 * Pixel (i, j) of the b × b block of channel c comes from channel (b i + j) C/b² + c (mode DCR), or c b² + b i + j (CRD). Not by
 * `SpaceToDepth`, which has no WebGPU kernel and no CRD.
 *
 * Shapes: X [N, C, H, W], Y [N, C/b², b H, b W], dX as X.
 * Spec: https://onnx.ai/onnx/operators/onnx__DepthToSpace.html
 */
export const depthToSpace = unary((g, node, dY) => {
  const [batch = 1, channels = 1, height = 1, width = 1] = node.input(0).shape;
  const block = node.int('blocksize');
  const perm = node.string('mode', 'DCR') === 'DCR' ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4];
  const blocks = reshape(g, dY, [batch, channels / block ** 2, height, block, width, block]);
  return reshape(g, transpose(g, blocks, perm), [batch, channels, height, width]);
});
