import type { ConvOptions, Feature, NetworkBuilder } from './network-builder.js';

/** A convolution without bias, its batch norm and a rectifier; weights are called `conv` and `norm`, with what they are behind it. */
export const convNormRelu = (
  g: NetworkBuilder,
  input: Feature,
  [conv, norm]: readonly [conv: string, norm: string],
  options: ConvOptions,
): Feature => g.relu(g.norm(g.conv(input, conv, options), norm));

export interface BlockOptions {
  /** Channels of the 3×3 convolutions. */
  readonly channels: number;
  readonly stride: number;
  readonly dilation: number;
  readonly initial?: 'normal' | 'uniform';
}

/** A residual block: weights are called `name` with what they are behind it. */
export type Block = (g: NetworkBuilder, input: Feature, name: string, options: BlockOptions) => Feature;

/** Two 3×3 convolutions and a shortcut. Source: He et al., "Deep Residual Learning", CVPR 2016 (arXiv:1512.03385), figure 5 */
export const basicBlock: Block = (g, input, name, { channels, stride, dilation, ...initial }) => {
  const common = { outputs: channels, kernel: 3, dilation, ...initial };
  const inner = convNormRelu(g, input, [`${name}.conv1`, `${name}.bn1`], { ...common, stride });
  const branch = g.norm(g.conv(inner, `${name}.conv2`, common), `${name}.bn2`);
  return g.relu(g.add(branch, shortcut(g, input, name, { outputs: channels, kernel: 1, stride, ...initial })));
};

/** How many times as many channels a bottleneck gives as its 3×3 convolution has. */
const EXPANSION = 4;

/** A 3×3 convolution, strided, between two of 1×1, and a shortcut. Source: as `basicBlock`; the stride as in torchvision */
export const bottleneck: Block = (g, input, name, { channels, stride, dilation, ...initial }) => {
  const outputs = EXPANSION * channels;
  const narrow = convNormRelu(g, input, [`${name}.conv1`, `${name}.bn1`], { outputs: channels, kernel: 1, ...initial });
  const inner = convNormRelu(g, narrow, [`${name}.conv2`, `${name}.bn2`], {
    outputs: channels,
    kernel: 3,
    stride,
    dilation,
    ...initial,
  });
  const branch = g.norm(g.conv(inner, `${name}.conv3`, { outputs, kernel: 1, ...initial }), `${name}.bn3`);
  return g.relu(g.add(branch, shortcut(g, input, name, { outputs, kernel: 1, stride, ...initial })));
};

/** The input, or a convolution of it where the shape changes. */
function shortcut(g: NetworkBuilder, input: Feature, name: string, options: ConvOptions): Feature {
  if (options.stride === 1 && input.channels === options.outputs) return input;
  return g.norm(g.conv(input, `${name}.downsample.0`, options), `${name}.downsample.1`);
}
