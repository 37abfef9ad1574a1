import type { ModelDef } from '../../engine/index.js';
import type { NetworkSpec } from './lab-network.js';
import { buildNetwork, type Feature, NETWORK_INPUT, type NetworkBuilder, type Statistics } from './network-builder.js';
import { type Block, basicBlock, bottleneck, convNormRelu } from './residual-blocks.js';
import type { TaskDefinition } from './task-definition.js';

interface Stage {
  readonly blocks: number;
  readonly channels: number;
  readonly stride: number;
  readonly dilation: number;
}

/** What tells one dilated residual network from another. */
export interface DrnPlan {
  readonly block: Block;
  /** Channels of layer0 (7×7), layer1 and layer2 (3×3, stride 2). */
  readonly stem: readonly [layer0: number, layer1: number, layer2: number];
  readonly stages: readonly [layer3: Stage, layer4: Stage, layer5: Stage, layer6: Stage];
  /** Channels of layer7 (3×3, dilation 2) and layer8 (3×3). */
  readonly last: readonly [layer7: number, layer8: number];
  /** How many times smaller features are than the image. */
  readonly upsampling: number;
}

const STEM = [16, 16, 32] as const;
const LAST = [512, 512] as const;

/** DRN-D-22: its trunk has 15 880 752 parameters. */
export const DRN_D_22: DrnPlan = {
  block: basicBlock,
  stem: STEM,
  stages: [
    { blocks: 2, channels: 64, stride: 2, dilation: 1 },
    { blocks: 2, channels: 128, stride: 2, dilation: 1 },
    { blocks: 2, channels: 256, stride: 1, dilation: 2 },
    { blocks: 2, channels: 512, stride: 1, dilation: 4 },
  ],
  last: LAST,
  upsampling: 8,
};

/** DRN-D-105: its trunk has 54 288 304 parameters. */
export const DRN_D_105: DrnPlan = {
  block: bottleneck,
  stem: STEM,
  stages: [
    { blocks: 3, channels: 64, stride: 2, dilation: 1 },
    { blocks: 4, channels: 128, stride: 2, dilation: 1 },
    { blocks: 23, channels: 256, stride: 1, dilation: 2 },
    { blocks: 3, channels: 512, stride: 1, dilation: 4 },
  ],
  last: LAST,
  upsampling: 8,
};

/** The same plan for images of 64×128: narrow, one block a stage, and features a quarter as large as the image. */
export const DRN_D_22_SMALL: DrnPlan = {
  block: basicBlock,
  stem: [16, 16, 24],
  stages: [
    { blocks: 1, channels: 32, stride: 2, dilation: 1 },
    { blocks: 1, channels: 40, stride: 1, dilation: 1 },
    { blocks: 1, channels: 48, stride: 1, dilation: 2 },
    { blocks: 1, channels: 64, stride: 1, dilation: 4 },
  ],
  last: [64, 64],
  upsampling: 4,
};

/** Name of the weights that no training changes: the bilinear upsampling. */
export const DRN_FROZEN = ['*.up.weight'] as const;

/**
 * A multitask network of the paper on Cityscapes: the trunk of a dilated residual network, and behind it for each task one
 * convolution, a fixed bilinear upsampling and, for classes, a log-softmax. layer0 … layer5 are the encoder; layer6 … layer8 are
 * read by all tasks, as in the authors' code, or are each task's own, as in the paper.
 *
 * Takes `input` [N, 3, H, W] with H and W multiples of the plan's `upsampling`, normalised, and gives [N, C, H, W] for each
 * task. Convolutions start normal with variance 2/(k² · outputs); those of the tasks, which no norm scales, at PyTorch's default.
 *
 * Sources: Yu, Koltun and Funkhouser, "Dilated Residual Networks", CVPR 2017 (arXiv:1705.09914); Mao et al., "Multitask
 * Learning Strengthens Adversarial Robustness", ECCV 2020 (arXiv:2007.07236).
 */
export function drnD(
  plan: DrnPlan,
  { architecture, decoders, seed }: NetworkSpec,
  tasks: readonly (readonly [name: string, definition: TaskDefinition])[],
  statistics: Statistics,
): ModelDef {
  const g = buildNetwork(architecture.replaceAll('-', '_'), { seed, statistics });
  const encoded = encoder(g, plan);
  const shared = decoders === 'shared' ? decoder(g, plan, encoded, '') : undefined;
  const outputs = tasks.map(([task, { channels, config }]): [string, Feature] => {
    const decoded = shared ?? decoder(g, plan, encoded, `${task}.`);
    const scores = g.conv(decoded, `${task}.head`, { outputs: channels, kernel: 1, hasBias: true, initial: 'uniform' });
    const full = g.upsample(scores, `${task}.up`, plan.upsampling);
    return [task, config.kind === 'semantic-segmentation' ? g.logSoftmax(full) : full];
  });
  return g.finish(Object.fromEntries(outputs));
}

function encoder(g: NetworkBuilder, { block, stem, stages }: DrnPlan): Feature {
  let x = layer(g, NETWORK_INPUT, 'layer0', { outputs: stem[0], kernel: 7 });
  x = layer(g, x, 'layer1', { outputs: stem[1], kernel: 3 });
  x = layer(g, x, 'layer2', { outputs: stem[2], kernel: 3, stride: 2 });
  x = stage(g, x, 'layer3', block, stages[0]);
  x = stage(g, x, 'layer4', block, stages[1]);
  return stage(g, x, 'layer5', block, stages[2]);
}

function decoder(g: NetworkBuilder, { block, stages, last }: DrnPlan, encoded: Feature, prefix: string): Feature {
  let x = stage(g, encoded, `${prefix}layer6`, block, stages[3]);
  x = layer(g, x, `${prefix}layer7`, { outputs: last[0], kernel: 3, dilation: 2 });
  return layer(g, x, `${prefix}layer8`, { outputs: last[1], kernel: 3 });
}

const layer = (g: NetworkBuilder, x: Feature, name: string, options: Parameters<NetworkBuilder['conv']>[2]): Feature =>
  convNormRelu(g, x, [`${name}.0`, `${name}.1`], options);

function stage(g: NetworkBuilder, input: Feature, name: string, block: Block, { blocks, ...options }: Stage): Feature {
  let x = input;
  for (let i = 0; i < blocks; i++) {
    x = block(g, x, `${name}.${i}`, i === 0 ? options : { ...options, stride: 1 });
  }
  return x;
}
