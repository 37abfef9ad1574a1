import {
  type AttributeInputs,
  attributesOf,
  float32Tensor,
  keyedRandom,
  type ModelDef,
  type NodeDef,
  type Shape,
  type TensorValue,
} from '../engine/index.js';

/** A tensor of a network that is being built: its name, its channels, and the mean square of its elements. */
export interface Feature {
  readonly name: string;
  readonly channels: number;
  /** What is expected for inputs of mean 0 and variance 1: from it the statistics of batch norms are made. */
  readonly meanSquare: number;
}

export interface ConvOptions {
  readonly outputs: number;
  /** Length of the kernel in both directions: odd, for the padding keeps the size. */
  readonly kernel: number;
  readonly stride?: number;
  readonly dilation?: number;
}

/** Collects nodes and weights of an image network whose batch and size stay free. */
export interface NetworkBuilder {
  /** A convolution without bias and its batch norm; weights are called `conv` and `norm`, with what they are behind it. */
  convNorm(input: Feature, conv: string, norm: string, options: ConvOptions): Feature;
  /** A convolution of kernel 1 with bias, whose outputs have variance 1. */
  head(input: Feature, name: string, outputs: number): Feature;
  relu(input: Feature): Feature;
  /** The sum of a residual branch, which has mean 0, and its shortcut. */
  add(branch: Feature, shortcut: Feature): Feature;
  /** `factor` times as large in both directions, by the transposed convolution with the bilinear kernel. */
  upsample(input: Feature, name: string, factor: number): Feature;
  /** Any operator with one input that keeps shape and scale. */
  op(opType: string, input: Feature, attributes?: AttributeInputs): Feature;
  /** The network as a model, with an output for each feature. */
  finish(outputs: Readonly<Record<string, Feature>>): ModelDef;
}

/** The input: pixels, normalised. */
export const NETWORK_INPUT: Feature = { name: 'input', channels: 3, meanSquare: 1 };

const OPSET = 18;
const IR_VERSION = 8;

/** @param seed of all weights, 0 … 2³² − 1; those of one layer do not depend on the others */
export function buildNetwork(name: string, seed: number): NetworkBuilder {
  const nodes: NodeDef[] = [];
  const weights = new Map<string, TensorValue>();

  function node(opType: string, inputs: readonly string[], attributes: AttributeInputs = {}): string {
    const output = `${opType}_${nodes.length}`;
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

  const drawn = (name: string, shape: Shape, variance: number): string =>
    weight(name, float32Tensor(drawWeights(name, shape, variance, seed), shape));
  const filled = (name: string, length: number, value: number): string =>
    weight(name, float32Tensor(new Float32Array(length).fill(value), [length]));

  return {
    convNorm({ name: input, channels, meanSquare }, conv, norm, { outputs, kernel, stride = 1, dilation = 1 }) {
      const fanIn = channels * kernel ** 2;
      const kernelName = drawn(`${conv}.weight`, [outputs, channels, kernel, kernel], 2 / fanIn);
      const pad = (dilation * (kernel - 1)) / 2;
      const convolved = node('Conv', [input, kernelName], {
        strides: [stride, stride],
        dilations: [dilation, dilation],
        pads: [pad, pad, pad, pad],
      });
      const statistics = [
        filled(`${norm}.weight`, outputs, 1),
        filled(`${norm}.bias`, outputs, 0),
        filled(`${norm}.running_mean`, outputs, 0),
        filled(`${norm}.running_var`, outputs, 2 * meanSquare),
      ];
      const normed = node('BatchNormalization', [convolved, ...statistics], { epsilon: { float: 1e-5 } });
      return { name: normed, channels: outputs, meanSquare: 1 };
    },
    head({ name: input, channels, meanSquare }, name, outputs) {
      const kernelName = drawn(`${name}.weight`, [outputs, channels, 1, 1], 1 / (channels * meanSquare));
      const output = node('Conv', [input, kernelName, filled(`${name}.bias`, outputs, 0)]);
      return { name: output, channels: outputs, meanSquare: 1 };
    },
    // Exact where the mean is 0, and a little too low behind a sum.
    relu: (input) => ({ ...input, name: node('Relu', [input.name]), meanSquare: input.meanSquare / 2 }),
    add: (branch, shortcut) => ({
      name: node('Add', [branch.name, shortcut.name]),
      channels: branch.channels,
      meanSquare: branch.meanSquare + shortcut.meanSquare,
    }),
    upsample(input, name, factor) {
      const kernel = weight(`${name}.weight`, bilinearKernel(input.channels, factor));
      const pad = factor / 2;
      const attributes = { strides: [factor, factor], pads: [pad, pad, pad, pad], group: input.channels };
      return { ...input, name: node('ConvTranspose', [input.name, kernel], attributes) };
    },
    op: (opType, input, attributes = {}) => ({ ...input, name: node(opType, [input.name], attributes) }),
    finish(outputs) {
      for (const [output, { name }] of Object.entries(outputs)) {
        nodes.push({
          opType: 'Identity',
          domain: '',
          name: output,
          inputs: [name],
          outputs: [output],
          attributes: new Map(),
        });
      }
      return {
        irVersion: IR_VERSION,
        opsets: new Map([['', OPSET]]),
        graph: {
          name,
          inputs: [
            {
              name: NETWORK_INPUT.name,
              dataType: 'float32',
              shape: ['batch', NETWORK_INPUT.channels, 'height', 'width'],
            },
          ],
          outputs: Object.entries(outputs).map(([output, { channels }]) => ({
            name: output,
            dataType: 'float32',
            shape: ['batch', channels, `${output}_height`, `${output}_width`],
          })),
          nodes,
          initializers: weights,
        },
        functions: [],
        producer: 'robustgate',
      };
    },
  };
}

/** Uniform draws of mean 0 and the variance. */
function drawWeights(name: string, shape: Shape, variance: number, seed: number): Float32Array {
  const draw = keyedRandom('weights', seed, name, 0);
  const limit = Math.sqrt(3 * variance);
  const values = new Float32Array(shape.reduce((product, length) => product * length, 1));
  for (let i = 0; i < values.length; i++) values[i] = limit * (2 * draw() - 1);
  return values;
}

/** For every channel the same kernel of length 2 · factor: the outer product of a triangle with itself. */
function bilinearKernel(channels: number, factor: number): TensorValue {
  const length = 2 * factor;
  const triangle = Array.from({ length }, (_, i) => (2 * Math.min(i, length - 1 - i) + 1) / length);
  const kernel = triangle.flatMap((a) => triangle.map((b) => a * b));
  const values = Float32Array.from({ length: channels * kernel.length }, (_, i) => kernel[i % kernel.length] as number);
  return float32Tensor(values, [channels, 1, length, length]);
}
