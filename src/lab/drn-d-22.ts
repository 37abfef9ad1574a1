import type { ModelDef } from '../engine/index.js';
import { buildNetwork, type Feature, NETWORK_INPUT, type NetworkBuilder } from './network-builder.js';

/** The `model.yaml` of `drnD22`. */
export const DRN_D_22_CONFIG = `description: DRN-D-22 with two heads and random weights, for tests and benchmarks.
input:
  kind: image
  layout: NCHW
  colorOrder: RGB
  mean: [0.2901, 0.3281, 0.2870]
  std: [0.1830, 0.1866, 0.1845]
tasks:
  - name: segmentation
    kind: semantic-segmentation
    ignoreIndex: 255
  - name: depth
    kind: depth
    unit: disparity/1000
`;

const CLASSES = 19;
/** The trunk makes features an eighth as large as the image. */
const DOWNSAMPLING = 8;

/** The stages of residual blocks: two basic blocks each. */
const STAGES = [
  { name: 'layer3', channels: 64, stride: 2, dilation: 1 },
  { name: 'layer4', channels: 128, stride: 2, dilation: 1 },
  { name: 'layer5', channels: 256, stride: 1, dilation: 2 },
  { name: 'layer6', channels: 512, stride: 1, dilation: 4 },
] as const;

/**
 * The multitask network of the paper on Cityscapes, with random weights: the trunk of DRN-D-22, of 15 880 752 parameters,
 * and behind it one convolution per task and a fixed bilinear upsampling. As in the authors' code, both tasks read the
 * same last layers.
 *
 * Takes `input` [N, 3, H, W] with H and W multiples of 8, normalised, and gives `segmentation` [N, 19, H, W], log-probabilities,
 * and `depth` [N, 1, H, W]. Weights are called as in PyTorch; those of one seed are always the same.
 *
 * Sources: Yu, Koltun and Funkhouser, "Dilated Residual Networks", CVPR 2017 (arXiv:1705.09914); Mao et al., "Multitask
 * Learning Strengthens Adversarial Robustness", ECCV 2020 (arXiv:2007.07236).
 *
 * @param seed 0 … 2³² − 1
 */
export function drnD22(seed: number): ModelDef {
  const g = buildNetwork('drn_d_22', seed);
  let x = convNormRelu(g, NETWORK_INPUT, 'layer0', { outputs: 16, kernel: 7 });
  x = convNormRelu(g, x, 'layer1', { outputs: 16, kernel: 3 });
  x = convNormRelu(g, x, 'layer2', { outputs: 32, kernel: 3, stride: 2 });
  for (const { name, channels, stride, dilation } of STAGES) {
    x = basicBlock(g, x, `${name}.0`, channels, stride, dilation);
    x = basicBlock(g, x, `${name}.1`, channels, 1, dilation);
  }
  x = convNormRelu(g, x, 'layer7', { outputs: 512, kernel: 3, dilation: 2 });
  x = convNormRelu(g, x, 'layer8', { outputs: 512, kernel: 3 });
  const upsampled = (task: string, outputs: number): Feature =>
    g.upsample(g.head(x, `${task}.head`, outputs), `${task}.up`, DOWNSAMPLING);
  return g.finish({
    segmentation: g.op('LogSoftmax', upsampled('segmentation', CLASSES), { axis: 1 }),
    depth: upsampled('depth', 1),
  });
}

const convNormRelu = (
  g: NetworkBuilder,
  x: Feature,
  name: string,
  options: Parameters<NetworkBuilder['convNorm']>[3],
): Feature => g.relu(g.convNorm(x, `${name}.0`, `${name}.1`, options));

/** Two convolutions and a shortcut, which is a convolution of its own where the shape changes. */
function basicBlock(
  g: NetworkBuilder,
  x: Feature,
  name: string,
  outputs: number,
  stride: number,
  dilation: number,
): Feature {
  const inner = g.relu(g.convNorm(x, `${name}.conv1`, `${name}.bn1`, { outputs, kernel: 3, stride, dilation }));
  const branch = g.convNorm(inner, `${name}.conv2`, `${name}.bn2`, { outputs, kernel: 3, dilation });
  const isSameShape = stride === 1 && x.channels === outputs;
  const shortcut = isSameShape
    ? x
    : g.convNorm(x, `${name}.downsample.0`, `${name}.downsample.1`, { outputs, kernel: 1, stride });
  return g.relu(g.add(branch, shortcut));
}
