import { EngineError, type ModelDef, type NodeDef, numbersOf, type Shape } from '../../engine/index.js';
import { convolution } from './layers/convolution.js';
import { type Draft, type Feature, first, unsupported, type Weight } from './layers/draft.js';
import { batchNorm, gemm, logSoftmax } from './layers/few-lines.js';
import { maxPool } from './layers/max-pool.js';
import { resize, transposedConvolution } from './layers/resampling.js';

/** A model as TF.js saves it. */
export interface LayersModelFiles {
  /** Text of `model.json`. */
  readonly modelJson: string;
  /** Bytes of `weights.bin`, which that names. */
  readonly weights: Uint8Array;
}

interface Layer {
  readonly name: string;
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inbound_nodes: readonly unknown[];
}

/**
 * An ONNX network as a LayersModel of TF.js with the same weights and the names of its outputs, for images of one size; channels
 * go last. Bilinear resizing, which TF.js's layers have only without half-pixel centres, becomes products with frozen matrices.
 *
 * It knows the operators of the lab's networks, of the demo's model and of what is like them: no converter for the models of others.
 *
 * @param layout of input and outputs: TF.js's own, or that of the ONNX network, for which layers turn them
 * @param size height and width of images, where the network leaves them free
 * @throws EngineError `UNSUPPORTED_OP`. Thrown when it does not know an operator, or one of its forms.
 */
export function layersModel(
  { graph }: ModelDef,
  layout: 'NHWC' | 'NCHW' = 'NHWC',
  size?: readonly [height: number, width: number],
): LayersModelFiles {
  const [input] = graph.inputs;
  const lengths = (input?.shape ?? []).slice(1).map((n, i) => (typeof n === 'number' ? n : (size?.[i - 1] ?? n)));
  if (input === undefined || !lengths.every((n) => typeof n === 'number' && n > 0)) {
    throw new EngineError('INVALID_MODEL', `expected one input of a fixed size, got ${JSON.stringify(input?.shape)}`);
  }
  const shape = channelsLast(lengths as number[]);
  const layers: Layer[] = inputLayers(input.name, layout === 'NCHW' ? (lengths as number[]) : shape, layout);
  const weights: Weight[] = [];
  const features = new Map<string, Feature>([[input.name, { layer: layers.at(-1)?.name ?? '', shape }]]);
  const constants = new Map(graph.initializers);
  const sources = new Map(graph.nodes.flatMap(({ opType, outputs }) => outputs.map((name) => [name, opType] as const)));
  for (const node of graph.nodes) {
    const [output = ''] = node.outputs;
    const value = node.attributes.get('value');
    if (node.opType === 'Constant' && value?.type === 'tensor') constants.set(output, value.value);
    else features.set(output, convert(node, { features, constants, sources, layers, weights }));
  }
  if (layout === 'NCHW') for (const { name } of graph.outputs) turnBack(name, features, layers, weights);
  const ends = graph.outputs.map(({ name }) => [name, 0, 0]);
  const config = { name: graph.name, layers, input_layers: [[input.name, 0, 0]], output_layers: ends };
  const manifest = weights.map((weight) => ({ name: weight.name, shape: weight.shape, dtype: 'float32' }));
  return {
    modelJson: JSON.stringify({
      format: 'layers-model',
      generatedBy: 'robustgate',
      convertedBy: null,
      modelTopology: { class_name: 'Model', config, keras_version: '2.15.0', backend: 'tensor_flow.js' },
      weightsManifest: [{ paths: ['weights.bin'], weights: manifest }],
    }),
    weights: Buffer.concat(
      weights.map(({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength)),
    ),
  };
}

function inputLayers(name: string, shape: Shape, layout: 'NHWC' | 'NCHW'): Layer[] {
  const input: Layer = {
    name,
    class_name: 'InputLayer',
    config: { batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false, name },
    inbound_nodes: [],
  };
  return layout === 'NHWC' ? [input] : [input, permuteLayer(`${name}__turned`, [2, 3, 1], name)];
}

/** Puts the channels of an output first, in a layer that takes over its name. */
function turnBack(name: string, features: Map<string, Feature>, layers: Layer[], weights: Weight[]): void {
  if (features.get(name)?.shape.length !== 3) return;
  const inner = `${name}__last`;
  rename(name, inner, layers, weights);
  layers.push(permuteLayer(name, [3, 1, 2], inner));
}

const permuteLayer = (name: string, dims: readonly number[], input: string): Layer => ({
  name,
  class_name: 'Permute',
  config: { name, dims, trainable: true, dtype: 'float32' },
  inbound_nodes: [[[input, 0, 0, {}]]],
});

/** Shape without the batch axis: [C, H, W] as [H, W, C]. */
const channelsLast = (shape: Shape): Shape => (shape.length === 3 ? [...shape.slice(1), shape[0] as number] : shape);

interface Conversion {
  readonly features: ReadonlyMap<string, Feature>;
  readonly constants: ModelDef['graph']['initializers'];
  /** By name of a tensor the operator that gives it. */
  readonly sources: ReadonlyMap<string, string>;
  readonly layers: Layer[];
  readonly weights: Weight[];
}

function convert(node: NodeDef, { features, constants, sources, layers, weights }: Conversion): Feature {
  const operator = OPERATORS[node.opType];
  if (operator === undefined) throw unsupported(node, 'an operator that has a layer');
  const [output = ''] = node.outputs;
  const before = layers.length;
  const last = operator({
    node,
    inputs: node.inputs.flatMap((name) => features.get(name) ?? []),
    source: sources.get(node.inputs[0] ?? ''),
    constant(index) {
      const tensor = constants.get(node.inputs[index] ?? '');
      if (tensor === undefined) throw unsupported(node, `a constant as input ${index}`);
      return { values: numbersOf(tensor), shape: tensor.shape };
    },
    layer(type, config, inputs, shape, own = []) {
      const name = `${plainName(output)}__${layers.length - before}`;
      layers.push({
        name,
        class_name: type,
        config: { name, trainable: true, dtype: 'float32', ...config },
        inbound_nodes: [inputs.map(({ layer }) => [layer, 0, 0, {}])],
      });
      weights.push(...own.map((weight) => ({ ...weight, name: `${name}/${weight.name}` })));
      return { layer: name, shape };
    },
  });
  rename(last.layer, plainName(output), layers, weights);
  return { ...last, layer: plainName(output) };
}

/** Gives a layer that no other reads yet another name. */
function rename(from: string, to: string, layers: Layer[], weights: Weight[]): void {
  const index = layers.findIndex(({ name }) => name === from);
  const layer = layers[index] as Layer;
  layers[index] = { ...layer, name: to, config: { ...layer.config, name: to } };
  for (const [i, weight] of weights.entries()) {
    if (weight.name.startsWith(`${from}/`)) weights[i] = { ...weight, name: weight.name.replace(from, to) };
  }
}

/** A name without what separates scopes in those of weights. */
const plainName = (name: string): string => name.replaceAll(/[^A-Za-z0-9_-]/g, '_').replace(/^[_-]+/, '');

/** One layer or more for each operator. */
const OPERATORS: Readonly<Record<string, (draft: Draft) => Feature>> = {
  Add: (draft) => draft.layer('Add', {}, draft.inputs, first(draft).shape),
  BatchNormalization: batchNorm,
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  // Behind a global pool, whose axes TF.js's has dropped: its own layer takes no vectors.
  Flatten: (draft) => draft.layer('Activation', { activation: 'linear' }, draft.inputs, first(draft).shape),
  Gemm: gemm,
  GlobalAveragePool: (draft) => draft.layer('GlobalAveragePooling2D', {}, draft.inputs, first(draft).shape.slice(-1)),
  Identity: (draft) => draft.layer('Activation', { activation: 'linear' }, draft.inputs, first(draft).shape),
  LogSoftmax: logSoftmax,
  MaxPool: maxPool,
  Relu: (draft) => draft.layer('Activation', { activation: 'relu' }, draft.inputs, first(draft).shape),
  Resize: resize,
  Sigmoid: (draft) => draft.layer('Activation', { activation: 'sigmoid' }, draft.inputs, first(draft).shape),
};
