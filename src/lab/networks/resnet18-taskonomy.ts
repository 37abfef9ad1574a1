import type { ModelDef } from '../../engine/index.js';
import type { NetworkSpec } from './lab-network.js';
import { buildNetwork, type Feature, NETWORK_INPUT, type NetworkBuilder, type Statistics } from './network-builder.js';
import { basicBlock, convNormRelu } from './residual-blocks.js';
import type { TaskDefinition } from './task-definition.js';

/** What tells one residual network with decoders from another. */
export interface ResnetPlan {
  /** Channels of the first convolution, 7×7 with stride 2. */
  readonly stem: number;
  readonly blocks: number;
  readonly stages: readonly { readonly channels: number; readonly stride: number }[];
  /** Channels of a decoder, behind each doubling of the size. */
  readonly decoder: readonly number[];
  /** How a decoder's last convolution starts. */
  readonly lastInitial: 'normal' | 'uniform';
}

/** ResNet-18: its encoder has 11 176 512 parameters, a decoder of one channel 1 504 801. For images of 256×256. */
export const RESNET18: ResnetPlan = {
  stem: 64,
  blocks: 2,
  stages: [
    { channels: 64, stride: 1 },
    { channels: 128, stride: 2 },
    { channels: 256, stride: 2 },
    { channels: 512, stride: 2 },
  ],
  decoder: [256, 128, 64, 48, 32],
  lastInitial: 'normal',
};

/** The same plan for images of 64×64: narrow, one block a stage, and features an eighth as large as the image. */
export const RESNET18_SMALL: ResnetPlan = {
  stem: 16,
  blocks: 1,
  stages: [
    { channels: 16, stride: 1 },
    { channels: 24, stride: 2 },
    { channels: 32, stride: 1 },
    { channels: 48, stride: 1 },
  ],
  decoder: [20, 16, 12],
  // Normal as the others, outputs would start at several times the range of the labels: too far for a training of minutes.
  lastInitial: 'uniform',
};

/**
 * The multitask network of the paper on Taskonomy: the trunk of a residual network, and for each task a decoder of its own, of
 * transposed convolutions that double the size and 3×3 convolutions.
 *
 * Takes `input` [N, 3, H, W] with H and W multiples of 2 to the number of doublings, in [−1, 1], and gives [N, C, H, W] for
 * each task, for classes logits. Weights are called `encoder.…` and `task_to_decoder.<task>.…`, as the authors do, and start as
 * theirs: convolutions normal with variance 2/(k² · outputs), transposed ones and biases at PyTorch's default.
 *
 * Sources: He et al., "Deep Residual Learning for Image Recognition", CVPR 2016 (arXiv:1512.03385); Mao et al., "Multitask
 * Learning Strengthens Adversarial Robustness", ECCV 2020 (arXiv:2007.07236).
 */
export function resnetTaskonomy(
  plan: ResnetPlan,
  { architecture, seed }: NetworkSpec,
  tasks: readonly (readonly [name: string, definition: TaskDefinition])[],
  statistics: Statistics,
): ModelDef {
  const g = buildNetwork(architecture.replaceAll('-', '_'), { seed, statistics });
  const encoded = encoder(g, plan);
  return g.finish(
    Object.fromEntries(
      tasks.map(([task, { channels }]) => [task, decoder(g, plan, encoded, `task_to_decoder.${task}`, channels)]),
    ),
  );
}

function encoder(g: NetworkBuilder, { stem, blocks, stages }: ResnetPlan): Feature {
  const names = ['encoder.conv1', 'encoder.bn1'] as const;
  let x = g.maxPool(convNormRelu(g, NETWORK_INPUT, names, { outputs: stem, kernel: 7, stride: 2 }));
  for (const [i, { channels, stride }] of stages.entries()) {
    for (let block = 0; block < blocks; block++) {
      const options = { channels, stride: block === 0 ? stride : 1, dilation: 1 };
      x = basicBlock(g, x, `encoder.layer${i + 1}.${block}`, options);
    }
  }
  return x;
}

function decoder(
  g: NetworkBuilder,
  { decoder: widths, lastInitial }: ResnetPlan,
  encoded: Feature,
  name: string,
  outputs: number,
): Feature {
  const last = widths.length;
  let x = encoded;
  for (const [i, channels] of widths.entries()) {
    const step = i + 1;
    x = g.relu(g.norm(g.deconv(x, `${name}.upconv${step}`, channels), `${name}.bn_upconv${step}`));
    if (step === last) break;
    x = convNormRelu(g, x, [`${name}.conv_decode${step}`, `${name}.bn_decode${step}`], {
      outputs: channels,
      kernel: 3,
      hasBias: true,
    });
  }
  return g.conv(x, `${name}.conv_decode${last}`, { outputs, kernel: 3, hasBias: true, initial: lastInitial });
}
