import type { ModelDef } from '../../engine/index.js';
import type { NetworkSpec } from './lab-network.js';
import { buildNetwork, NETWORK_INPUT, type Statistics } from './network-builder.js';
import { basicBlock, convNormRelu } from './residual-blocks.js';
import type { TaskDefinition } from './task-definition.js';

/** Every weight starts at PyTorch's default, as those of the demo's model did. */
const initial = 'uniform';

/** The residual blocks, each with what is behind it in the names of its weights. */
const BLOCKS = [
  { channels: 48, stride: 2, dilation: 1 },
  { channels: 64, stride: 1, dilation: 2 },
  { channels: 64, stride: 1, dilation: 4 },
] as const;

/**
 * The network of the demo's model, for images of 64×128: a backbone of five layers, the last two dilated, and a head of two
 * convolutions for each task, made four times as large.
 *
 * Takes `input` [N, 3, H, W] with H and W multiples of 4, normalised, and gives [N, C, H, W] for each task, for classes logits.
 */
export function streetNetwork(
  { architecture, seed }: NetworkSpec,
  tasks: readonly (readonly [name: string, definition: TaskDefinition])[],
  statistics: Statistics,
): ModelDef {
  const g = buildNetwork(architecture, { seed, statistics });
  let x = convNormRelu(g, NETWORK_INPUT, ['backbone.0.0', 'backbone.0.1'], { outputs: 16, kernel: 7, initial });
  x = convNormRelu(g, x, ['backbone.1.0', 'backbone.1.1'], { outputs: 24, kernel: 3, stride: 2, initial });
  for (const [i, options] of BLOCKS.entries()) x = basicBlock(g, x, `backbone.${i + 2}`, { ...options, initial });
  const outputs = tasks.map(([task, { channels }]) => {
    const names = [`heads.${task}.0.0`, `heads.${task}.0.1`] as const;
    const inner = convNormRelu(g, x, names, { outputs: 32, kernel: 3, initial });
    const scores = g.conv(inner, `heads.${task}.1`, { outputs: channels, kernel: 1, hasBias: true, initial });
    return [task, g.resize(scores, 4)];
  });
  return g.finish(Object.fromEntries(outputs));
}
