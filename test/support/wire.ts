import type {
  Graph,
  Model,
  SparseTensor,
  Tensor,
  Attribute as WireAttribute,
  Node as WireNode,
} from '../../src/engine/onnx/schema/onnx.js';
import { Model as ModelCodec } from '../../src/engine/onnx/schema/onnx.js';

/** A tensor message, with nothing but what is given. */
export const wireTensor = (parts: Partial<Tensor>): Tensor => ({
  name: '',
  dims: [],
  dataType: 1,
  floatData: [],
  int32Data: [],
  stringData: [],
  int64Data: [],
  rawData: new Uint8Array(),
  doubleData: [],
  uint64Data: [],
  externalData: [],
  dataLocation: 0,
  ...parts,
});

export const wireAttribute = (parts: Partial<WireAttribute>): WireAttribute => ({
  name: 'a',
  f: undefined,
  i: undefined,
  s: undefined,
  t: undefined,
  g: undefined,
  floats: [],
  ints: [],
  strings: [],
  tensors: [],
  graphs: [],
  type: 0,
  refAttrName: '',
  sparseTensor: undefined,
  ...parts,
});

export const wireNode = (parts: Partial<WireNode>): WireNode => ({
  input: [],
  output: [],
  name: '',
  opType: 'Relu',
  attribute: [],
  domain: '',
  overload: '',
  ...parts,
});

export const wireGraph = (parts: Partial<Graph>): Graph => ({
  node: [],
  name: '',
  initializer: [],
  input: [],
  output: [],
  sparseInitializer: [],
  ...parts,
});

/** y = Relu(x), with what else is given. */
export const wireModel = (parts: Partial<Graph> = {}, model: Partial<Model> = {}): Model => ({
  irVersion: 8n,
  producerName: '',
  producerVersion: '',
  graph: wireGraph({
    node: [wireNode({ input: ['x'], output: ['y'] })],
    input: [{ name: 'x', type: { tensorType: { elemType: 1, shape: undefined } } }],
    output: [{ name: 'y', type: undefined }],
    ...parts,
  }),
  opsetImport: [{ domain: '', version: 18n }],
  functions: [],
  ...model,
});

export const fileOf = (model: Model): Uint8Array => ModelCodec.encode(model).finish();

/** A model file with one constant, `w`. */
export const fileWithTensor = (tensor: Partial<Tensor>): Uint8Array =>
  fileOf(wireModel({ initializer: [wireTensor({ name: 'w', ...tensor })] }));

export const fileWithSparse = (sparse: Partial<SparseTensor>): Uint8Array =>
  fileOf(wireModel({ sparseInitializer: [{ values: undefined, indices: undefined, dims: [], ...sparse }] }));
