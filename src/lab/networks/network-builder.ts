import {
  type AttributeInputs,
  attributesOf,
  float32Tensor,
  type ModelDef,
  type NodeDef,
  type Shape,
  type TensorValue,
} from '../../engine/index.js';
import { bilinearKernel } from './bilinear-kernel.js';
import { type Draw, normalWeights, uniformWeights } from './initial-weights.js';

/**
 * The running statistics of batch norms: those that training starts from, mean 0 and variance 1; or the variance that is
 * expected of inputs of mean 0 and variance 1, with which an untrained network has activations like those of a trained one.
 */
export type Statistics = 'initial' | 'expected';

export interface BuilderOptions {
  /** Of all weights, 0 … 2³² − 1; those of one layer do not depend on the others. */
  readonly seed: number;
  readonly statistics: Statistics;
}

/** A tensor of a network that is being built: its name, its channels, and the mean square that its elements are expected to have. */
export interface Feature {
  readonly name: string;
  readonly channels: number;
  readonly meanSquare: number;
}

export interface ConvOptions {
  readonly outputs: number;
  /** Length of the kernel in both directions: odd, for the padding keeps the size. */
  readonly kernel: number;
  readonly stride?: number;
  readonly dilation?: number;
  readonly hasBias?: boolean;
  /**
   * Normal with variance 2/(k² · outputs), as in the papers of residual networks; or PyTorch's default, uniform in
   * ±1/√(k² · inputs), as a bias always is. Default: normal.
   */
  readonly initial?: 'normal' | 'uniform';
}

/** Collects nodes and weights of an image network whose batch and size stay free. Weights are called as in PyTorch. */
export interface NetworkBuilder {
  conv(input: Feature, name: string, options: ConvOptions): Feature;
  /** Twice as large in both directions, by a transposed convolution with bias whose patches do not overlap. */
  deconv(input: Feature, name: string, outputs: number): Feature;
  /** Batch norm of the output of a convolution. */
  norm(input: Feature, name: string): Feature;
  relu(input: Feature): Feature;
  /** The sum of a residual branch, which has mean 0, and its shortcut. */
  add(branch: Feature, shortcut: Feature): Feature;
  /** Half as large in both directions: the largest of 3×3 positions. */
  maxPool(input: Feature): Feature;
  /** `factor` times as large in both directions, by the transposed convolution with the bilinear kernel, a weight. */
  upsample(input: Feature, name: string, factor: number): Feature;
  /** `factor` times as large in both directions, bilinear with half-pixel centres and without a weight. */
  resize(input: Feature, factor: number): Feature;
  logSoftmax(input: Feature): Feature;
  /** The network as a model, with an output for each feature. */
  finish(outputs: Readonly<Record<string, Feature>>): ModelDef;
}

/** The input: pixels, normalised. */
export const NETWORK_INPUT: Feature = { name: 'input', channels: 3, meanSquare: 1 };

const OPSET = 18;
const IR_VERSION = 8;

/** A builder without nodes. */
export function buildNetwork(name: string, { seed, statistics }: BuilderOptions): NetworkBuilder {
  const nodes: NodeDef[] = [];
  const weights = new Map<string, TensorValue>();

  function node(opType: string, inputs: readonly string[], attributes: AttributeInputs = {}, as?: string): string {
    const output = as ?? `${opType}_${nodes.length}`;
    nodes.push({
      opType,
      domain: '',
      name: output,
      inputs,
      outputs: [output],
      attributes: attributesOf(attributes),
    });
    return output;
  }

  function weight(name: string, tensor: TensorValue): string {
    weights.set(name, tensor);
    return name;
  }

  const drawn = (name: string, shape: Shape, draw: Draw): string => {
    const count = shape.reduce((product, length) => product * length, 1);
    return weight(name, float32Tensor(draw(name, seed, count), shape));
  };
  const filled = (name: string, length: number, value: number): string =>
    weight(name, float32Tensor(new Float32Array(length).fill(value), [length]));

  return {
    conv(input, name, { outputs, kernel, stride = 1, dilation = 1, hasBias = false, initial = 'normal' }) {
      const fanIn = input.channels * kernel ** 2;
      const limit = 1 / Math.sqrt(fanIn);
      const variance = initial === 'normal' ? 2 / (kernel ** 2 * outputs) : limit ** 2 / 3;
      const draw = initial === 'normal' ? normalWeights(Math.sqrt(variance)) : uniformWeights(limit);
      const inputs = [input.name, drawn(`${name}.weight`, [outputs, input.channels, kernel, kernel], draw)];
      if (hasBias) inputs.push(drawn(`${name}.bias`, [outputs], uniformWeights(limit)));
      const pad = (dilation * (kernel - 1)) / 2;
      const attributes = {
        strides: [stride, stride],
        dilations: [dilation, dilation],
        pads: [pad, pad, pad, pad],
      };
      return {
        name: node('Conv', inputs, attributes),
        channels: outputs,
        meanSquare: fanIn * variance * input.meanSquare,
      };
    },
    deconv(input, name, outputs) {
      // PyTorch counts what one input contributes to: k² · outputs.
      const limit = 1 / Math.sqrt(4 * outputs);
      const inputs = [
        input.name,
        drawn(`${name}.weight`, [input.channels, outputs, 2, 2], uniformWeights(limit)),
        drawn(`${name}.bias`, [outputs], uniformWeights(limit)),
      ];
      const meanSquare = input.channels * (limit ** 2 / 3) * input.meanSquare;
      return { name: node('ConvTranspose', inputs, { strides: [2, 2] }), channels: outputs, meanSquare };
    },
    norm({ name: input, channels, meanSquare }, name) {
      const parameters = [
        filled(`${name}.weight`, channels, 1),
        filled(`${name}.bias`, channels, 0),
        filled(`${name}.running_mean`, channels, 0),
        filled(`${name}.running_var`, channels, statistics === 'initial' ? 1 : meanSquare),
      ];
      const output = node('BatchNormalization', [input, ...parameters], { epsilon: { float: 1e-5 } });
      return { name: output, channels, meanSquare: 1 };
    },
    // Exact where the mean is 0, and a little too low behind a sum.
    relu: (input) => ({ ...input, name: node('Relu', [input.name]), meanSquare: input.meanSquare / 2 }),
    add: (branch, shortcut) => ({
      name: node('Add', [branch.name, shortcut.name]),
      channels: branch.channels,
      meanSquare: branch.meanSquare + shortcut.meanSquare,
    }),
    maxPool: (input) => ({
      ...input,
      name: node('MaxPool', [input.name], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    }),
    upsample(input, name, factor) {
      const kernel = weight(`${name}.weight`, bilinearKernel(input.channels, factor));
      const pad = factor / 2;
      const attributes = { strides: [factor, factor], pads: [pad, pad, pad, pad], group: input.channels };
      return { ...input, name: node('ConvTranspose', [input.name, kernel], attributes) };
    },
    resize(input, factor) {
      const scales = `scales_${nodes.length}`;
      weight(scales, float32Tensor(Float32Array.of(1, 1, factor, factor), [4]));
      const attributes = { mode: 'linear', coordinate_transformation_mode: 'half_pixel' };
      return { ...input, name: node('Resize', [input.name, '', scales], attributes) };
    },
    logSoftmax: (input) => ({ ...input, name: node('LogSoftmax', [input.name], { axis: 1 }) }),
    finish(outputs) {
      for (const [output, { name }] of Object.entries(outputs)) node('Identity', [name], {}, output);
      const value = (name: string, channels: number, size: readonly string[]) => ({
        name,
        dataType: 'float32' as const,
        shape: ['batch', channels, ...size],
      });
      return {
        irVersion: IR_VERSION,
        opsets: new Map([['', OPSET]]),
        graph: {
          name,
          inputs: [value(NETWORK_INPUT.name, NETWORK_INPUT.channels, ['height', 'width'])],
          outputs: Object.entries(outputs).map(([output, { channels }]) =>
            value(output, channels, [`${output}_height`, `${output}_width`]),
          ),
          nodes,
          initializers: weights,
        },
        functions: [],
        producer: 'robustgate',
      };
    },
  };
}
