import { bilinearMatrix, EngineError, type ModelDef, type NodeDef, numbersOf, type Shape } from '../../engine/index.js';

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

interface Weight {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** A tensor of the ONNX graph: the layer that gives it, and its shape without the batch axis, channels last. */
interface Feature {
  readonly layer: string;
  readonly shape: Shape;
}

/** What a node of the graph is turned into, layer by layer. */
interface Draft {
  readonly node: NodeDef;
  /** The value of a constant input, as many as there are numbers. */
  constant(index: number): { readonly values: readonly number[]; readonly shape: Shape };
  readonly inputs: readonly Feature[];
  /** Appends a layer; the last one of a node is called after its output. */
  layer(type: string, config: object, inputs: readonly Feature[], shape: Shape, weights?: readonly Weight[]): Feature;
}

/**
 * An ONNX network as a LayersModel of TF.js with the same weights and the names of its outputs, for images of one size; channels
 * go last. Bilinear resizing, which TF.js's layers have only without half-pixel centres, becomes products with frozen matrices.
 *
 * It knows the operators of the demo's model and of what is like it: no converter for the models of others.
 *
 * @param layout of input and outputs: TF.js's own, or that of the ONNX network, for which layers turn them
 * @throws EngineError `UNSUPPORTED_OP`. Thrown when it does not know an operator, or one of its forms.
 */
export function layersModel({ graph }: ModelDef, layout: 'NHWC' | 'NCHW' = 'NHWC'): LayersModelFiles {
  const [input] = graph.inputs;
  const lengths = (input?.shape ?? []).slice(1);
  if (input === undefined || !lengths.every((n) => typeof n === 'number' && n > 0)) {
    throw new EngineError('INVALID_MODEL', `expected one input of a fixed size, got ${JSON.stringify(input?.shape)}`);
  }
  const shape = channelsLast(lengths as number[]);
  const layers: Layer[] = inputLayers(input.name, layout === 'NCHW' ? (lengths as number[]) : shape, layout);
  const weights: Weight[] = [];
  const features = new Map<string, Feature>([[input.name, { layer: layers.at(-1)?.name ?? '', shape }]]);
  const constants = new Map(graph.initializers);
  for (const node of graph.nodes) {
    const [output = ''] = node.outputs;
    const value = node.attributes.get('value');
    if (node.opType === 'Constant' && value?.type === 'tensor') constants.set(output, value.value);
    else features.set(output, convert(node, features, constants, layers, weights));
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

function convert(
  node: NodeDef,
  features: ReadonlyMap<string, Feature>,
  constants: ModelDef['graph']['initializers'],
  layers: Layer[],
  weights: Weight[],
): Feature {
  const operator = OPERATORS[node.opType];
  if (operator === undefined) throw unsupported(node, 'an operator that has a layer');
  const [output = ''] = node.outputs;
  const before = layers.length;
  const last = operator({
    node,
    inputs: node.inputs.flatMap((name) => features.get(name) ?? []),
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
const plainName = (name: string): string => name.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^_+/, '');

/** One layer or more for each operator. */
const OPERATORS: Readonly<Record<string, (draft: Draft) => Feature>> = {
  Add: (draft) => draft.layer('Add', {}, draft.inputs, first(draft).shape),
  Relu: (draft) => draft.layer('Activation', { activation: 'relu' }, draft.inputs, first(draft).shape),
  Sigmoid: (draft) => draft.layer('Activation', { activation: 'sigmoid' }, draft.inputs, first(draft).shape),
  Conv: convolution,
  MaxPool: maxPool,
  GlobalAveragePool: (draft) => draft.layer('GlobalAveragePooling2D', {}, draft.inputs, first(draft).shape.slice(-1)),
  // Behind a global pool, whose axes TF.js's has dropped: its own layer takes no vectors.
  Flatten: (draft) => draft.layer('Activation', { activation: 'linear' }, draft.inputs, first(draft).shape),
  Gemm: gemm,
  Resize: resize,
};

const first = ({ inputs: [input], node }: Draft): Feature => {
  if (input === undefined) throw unsupported(node, 'an input that depends on the image');
  return input;
};

function convolution(draft: Draft): Feature {
  const { node, constant } = draft;
  const { values, shape } = constant(1);
  const [outputs = 0, groupInputs = 0, ...kernel] = shape as [number, number, number, number];
  const ints = intsOf(node);
  const [strides, dilations, pads] = [ints('strides', [1, 1]), ints('dilations', [1, 1]), ints('pads', [0, 0, 0, 0])];
  const [group = 1] = ints('group', [1]);
  const isDepthwise = group > 1;
  if (isDepthwise && (groupInputs !== 1 || dilations.some((d) => d !== 1)))
    throw unsupported(node, 'one group, or a group for each channel without dilation');
  const { padding, input } = padded(draft, kernel, strides, dilations, pads);
  const [height = 0, width = 0] = input.shape;
  const lengths = [height, width].map((n, i) => {
    const reach = ((kernel[i] as number) - 1) * (dilations[i] as number);
    return Math.floor(((padding === 'same' ? n : n - reach) - 1) / (strides[i] as number)) + 1;
  });
  const weights = new Float32Array(values.length);
  // [M, C, h, w] as [h, w, C, M]; depthwise, M = C · multiplier, as [h, w, C, multiplier].
  const positions = (kernel[0] as number) * (kernel[1] as number);
  for (let m = 0; m < outputs; m++)
    for (let c = 0; c < groupInputs; c++)
      for (let k = 0; k < positions; k++)
        weights[(k * groupInputs + c) * outputs + m] = values[(m * groupInputs + c) * positions + k] as number;
  const common = {
    kernel_size: kernel,
    strides,
    padding,
    dilation_rate: dilations,
    data_format: 'channels_last',
    activation: 'linear',
  };
  const hasBias = node.inputs.length > 2;
  const bias = hasBias ? [{ name: 'bias', shape: [outputs], values: Float32Array.from(constant(2).values) }] : [];
  if (isDepthwise) {
    const multiplier = outputs / group;
    return draft.layer(
      'DepthwiseConv2D',
      { ...common, depth_multiplier: multiplier, use_bias: hasBias },
      [input],
      [...lengths, outputs],
      [{ name: 'depthwise_kernel', shape: [...kernel, group, multiplier], values: weights }, ...bias],
    );
  }
  return draft.layer(
    'Conv2D',
    { ...common, filters: outputs, use_bias: hasBias },
    [input],
    [...lengths, outputs],
    [{ name: 'kernel', shape: [...kernel, groupInputs, outputs], values: weights }, ...bias],
  );
}

/** TF.js pads as much as keeps the size, or not at all: all else is a layer of its own. */
function padded(
  draft: Draft,
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  pads: readonly number[],
): { readonly padding: 'same' | 'valid'; readonly input: Feature } {
  const input = first(draft);
  if (pads.every((pad) => pad === 0)) return { padding: 'valid', input };
  const keeps = strides.every((stride) => stride === 1);
  const isSame = pads.every((pad, i) => 2 * pad === ((kernel[i % 2] as number) - 1) * (dilations[i % 2] as number));
  if (keeps && isSame) return { padding: 'same', input };
  const [top = 0, left = 0, bottom = 0, right = 0] = pads;
  const [height = 0, width = 0, channels = 0] = input.shape;
  const config = {
    padding: [
      [top, bottom],
      [left, right],
    ],
    data_format: 'channels_last',
  };
  const shape = [height + top + bottom, width + left + right, channels];
  return { padding: 'valid', input: draft.layer('ZeroPadding2D', config, [input], shape) };
}

function maxPool(draft: Draft): Feature {
  const ints = intsOf(draft.node);
  const [kernel, strides] = [ints('kernel_shape', []), ints('strides', [1, 1])];
  if (ints('pads', [0]).some((pad) => pad !== 0)) throw unsupported(draft.node, 'a pool without padding');
  const [height = 0, width = 0, channels = 0] = first(draft).shape;
  const lengths = [height, width].map((n, i) => Math.floor((n - (kernel[i] as number)) / (strides[i] as number)) + 1);
  const config = { pool_size: kernel, strides, padding: 'valid', data_format: 'channels_last' };
  return draft.layer('MaxPooling2D', config, draft.inputs, [...lengths, channels]);
}

function gemm(draft: Draft): Feature {
  const { values, shape } = draft.constant(1);
  const ints = intsOf(draft.node);
  if (ints('transB', [0])[0] !== 0) throw unsupported(draft.node, 'a matrix that is not transposed');
  const [inputs = 0, outputs = 0] = shape;
  return draft.layer(
    'Dense',
    { units: outputs, activation: 'linear', use_bias: true },
    draft.inputs,
    [outputs],
    [
      { name: 'kernel', shape: [inputs, outputs], values: Float32Array.from(values) },
      { name: 'bias', shape: [outputs], values: Float32Array.from(draft.constant(2).values) },
    ],
  );
}

/** Both directions one after the other: the direction goes last, is multiplied by its matrix, and goes back. */
function resize(draft: Draft): Feature {
  const { node } = draft;
  const mode = node.attributes.get('mode');
  if (mode?.type !== 'string' || mode.value !== 'linear') throw unsupported(node, 'bilinear resizing');
  const [, , down = 1, across = 1] = draft.constant(2).values;
  const input = first(draft);
  const [height = 0, width = 0, channels = 0] = input.shape;
  const [tall, wide] = [Math.floor(height * down), Math.floor(width * across)];
  const permute = (dims: readonly number[], from: Feature): Feature =>
    draft.layer(
      'Permute',
      { dims },
      [from],
      dims.map((axis) => from.shape[axis - 1] as number),
    );
  const product = (from: Feature, to: number): Feature => {
    const length = from.shape[2] as number;
    const matrix = bilinearMatrix(length, to, false, true);
    const values = new Float32Array(matrix.length);
    for (let i = 0; i < to; i++) for (let j = 0; j < length; j++) values[j * to + i] = matrix[i * length + j] as number;
    return draft.layer('Dense', { units: to, activation: 'linear', use_bias: false }, [from], from.shape.with(2, to), [
      { name: 'kernel', shape: [length, to], values },
    ]);
  };
  const widened = product(permute([1, 3, 2], input), wide);
  const grown = product(permute([3, 2, 1], widened), tall);
  const result = permute([3, 1, 2], grown);
  return { ...result, shape: [tall, wide, channels] };
}

const intsOf =
  (node: NodeDef) =>
  (name: string, otherwise: readonly number[]): readonly number[] => {
    const attribute = node.attributes.get(name);
    if (attribute?.type === 'ints') return attribute.value;
    return attribute?.type === 'int' ? [attribute.value] : otherwise;
  };

const unsupported = ({ opType, name }: NodeDef, expected: string): EngineError =>
  new EngineError('UNSUPPORTED_OP', `expected ${expected}, got ${opType} (node ${name})`);
