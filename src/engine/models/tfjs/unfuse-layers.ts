import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Tensor, Tf } from './runtime.js';

/** What we read of a layer of TF.js. */
interface Layer {
  getClassName(): string;
  call(inputs: Tensor | Tensor[], kwargs: object): Tensor | Tensor[];
  /** Of a model that is a layer. */
  readonly layers?: readonly Layer[];
  /** Of a layer that wraps another. */
  readonly layer?: Layer;
}

interface Product extends Layer {
  readonly kernel: { read(): Tensor };
  readonly bias: { read(): Tensor } | null;
  readonly activation: { apply(x: Tensor): Tensor } | null;
}

interface Convolution extends Product {
  readonly strides: [number, number];
  readonly padding: 'same' | 'valid';
  readonly dataFormat: 'channelsFirst' | 'channelsLast';
  readonly dilationRate: [number, number];
}

/**
 * Lets convolutions and dense layers of a model compute product, bias and activation one by one where a gradient is taken. Fused
 * and without an activation, TF.js computes the gradients of the weights too, which nobody asked for and some backends have no
 * kernel for, and it refuses dilations.
 */
export function unfuseLayers(tf: Tf, model: LayersModel): void {
  for (const layer of model.layers) unfuse(tf, layer as unknown as Layer);
}

function unfuse(tf: Tf, layer: Layer): void {
  for (const inner of layer.layers ?? []) unfuse(tf, inner);
  if (layer.layer !== undefined) unfuse(tf, layer.layer);
  const parts = { Conv2D: convolution, Dense: dense }[layer.getClassName()] as
    | ((tf: Tf, layer: Product, x: Tensor) => Tensor)
    | undefined;
  if (parts === undefined) return;
  const fused = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => {
    if (tf.engine().state.gradientDepth === 0) return fused(inputs, kwargs);
    return tf.tidy(() => parts(tf, layer as Product, [inputs].flat()[0] as Tensor));
  };
}

function convolution(tf: Tf, layer: Product, x: Tensor): Tensor {
  const { strides, padding, dataFormat, dilationRate } = layer as Convolution;
  const isFirst = dataFormat === 'channelsFirst';
  const input = (isFirst ? tf.transpose(x, [0, 2, 3, 1]) : x) as Tensor4D;
  const product = tf.conv2d(input, layer.kernel.read() as Tensor4D, strides, padding, 'NHWC', dilationRate);
  const sum = withBias(tf, layer, product);
  return activated(layer, isFirst ? tf.transpose(sum, [0, 3, 1, 2]) : sum);
}

function dense(tf: Tf, layer: Product, x: Tensor): Tensor {
  const [inputs = 0, outputs = 0] = layer.kernel.read().shape;
  const product = tf.matMul(tf.reshape(x, [-1, inputs]), layer.kernel.read());
  return activated(layer, withBias(tf, layer, tf.reshape(product, [...x.shape.slice(0, -1), outputs])));
}

const withBias = (tf: Tf, { bias }: Product, x: Tensor): Tensor => (bias === null ? x : tf.add(x, bias.read()));

const activated = ({ activation }: Product, x: Tensor): Tensor => (activation === null ? x : activation.apply(x));
