import { DATA_TYPES } from './data-types.js';
import type {
  Attribute,
  FunctionDef,
  GraphDef,
  ModelDef,
  NodeDef,
  StaticGraph,
  TensorValue,
  Value,
  ValueInfo,
} from './graph.js';
import { readsOf } from './reads.js';
import {
  type FunctionMessage,
  type Graph,
  Model as ModelCodec,
  type Node,
  type Tensor,
  type Attribute as WireAttribute,
  type ValueInfo as WireValueInfo,
} from './schema/onnx.js';
import { toInt64 } from './tensor-value.js';

/** Constants that travel beside the file, by the path that the file names. */
export type ExternalTensors = ReadonlyMap<string, Uint8Array>;

export interface EncodedModel {
  readonly file: Uint8Array;
  readonly externalTensors: ExternalTensors;
}

/**
 * Constants of this size or more travel beside the file, so that weights are not copied into a message. Smaller ones stay
 * inside: ONNX Runtime's shape inference reads only those. So do those of branches and loops.
 */
const EXTERNAL_FROM_BYTES = 1024;

/** Version of the file format for an opset: ONNX Runtime reads opset 21 and later only from files of version 10 and later. */
export const irVersionFor = (opset: number): number => (opset > 20 ? 10 : 8);

/** A file of a graph that we made. */
export function encodeStaticGraph(graph: StaticGraph): EncodedModel {
  const isUsed = new Set(graph.nodes.flatMap(readsOf));
  return encodeModel({
    irVersion: irVersionFor(graph.opset),
    opsets: new Map([['', graph.opset]]),
    graph: {
      name: 'robustgate',
      inputs: graph.inputs,
      outputs: graph.outputs,
      nodes: graph.nodes,
      initializers: new Map([...graph.constants].filter(([name]) => isUsed.has(name))),
    },
    functions: [],
    producer: 'robustgate',
  });
}

export function encodeModel(model: ModelDef): EncodedModel {
  const externalTensors = new Map<string, Uint8Array>();
  const encode = encoder(externalTensors);
  const file = ModelCodec.encode({
    irVersion: BigInt(model.irVersion),
    producerName: model.producer,
    producerVersion: '',
    graph: encode.graph(model.graph, true),
    opsetImport: [...model.opsets].map(([domain, version]) => ({ domain, version: BigInt(version) })),
    functions: model.functions.map(encode.function),
  }).finish();
  return { file, externalTensors };
}

/** Bytes that, put behind a model file, add outputs to its graph: protobuf joins the two messages. */
export function appendedOutputs(outputs: readonly ValueInfo[]): Uint8Array {
  const graph: Graph = {
    node: [],
    name: '',
    initializer: [],
    input: [],
    output: outputs.map(valueInfo),
    sparseInitializer: [],
  };
  return ModelCodec.encode({
    irVersion: 0n,
    producerName: '',
    producerVersion: '',
    graph,
    opsetImport: [],
    functions: [],
  }).finish();
}

function encoder(externalTensors: Map<string, Uint8Array>) {
  function tensor(name: string, { dataType, shape, bytes, texts = [] }: TensorValue, mayBeExternal: boolean): Tensor {
    const isExternal = mayBeExternal && bytes.length >= EXTERNAL_FROM_BYTES;
    const location = `tensor-${externalTensors.size}`;
    if (isExternal) externalTensors.set(location, bytes);
    return {
      name,
      dims: shape.map(BigInt),
      dataType: DATA_TYPES[dataType],
      rawData: isExternal ? new Uint8Array() : bytes,
      externalData: isExternal ? [{ key: 'location', value: location }] : [],
      dataLocation: isExternal ? 1 : 0,
      floatData: [],
      int32Data: [],
      stringData: texts.map(utf8),
      int64Data: [],
      doubleData: [],
      uint64Data: [],
    };
  }

  /** ONNX Runtime takes tensors beside the file for the outermost graph only. */
  const graph = (source: GraphDef, isOutermost: boolean): Graph => ({
    node: source.nodes.map(node),
    name: source.name,
    initializer: [...source.initializers].map(([name, value]) => tensor(name, value, isOutermost)),
    input: source.inputs.map(valueInfo),
    output: source.outputs.map(valueInfo),
    sparseInitializer: [],
  });

  const node = (source: NodeDef): Node => ({
    input: [...source.inputs],
    output: [...source.outputs],
    name: source.name,
    opType: source.opType,
    attribute: [...source.attributes].map(([name, value]) => attribute(name, value)),
    domain: source.domain,
    overload: source.overload ?? '',
  });

  function attribute(name: string, source: Attribute): WireAttribute {
    const wire: WireAttribute = {
      name,
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
      type: TYPE_NUMBERS[source.type],
      refAttrName: '',
      sparseTensor: undefined,
    };
    switch (source.type) {
      case 'float':
        return { ...wire, f: source.value };
      case 'int':
        return { ...wire, i: toInt64(source.value) };
      case 'string':
        return { ...wire, s: utf8(source.value) };
      case 'tensor':
        return { ...wire, t: tensor('', source.value, false) };
      case 'graph':
        return { ...wire, g: graph(source.value, false) };
      case 'floats':
        return { ...wire, floats: [...source.value] };
      case 'ints':
        return { ...wire, ints: source.value.map(toInt64) };
      case 'strings':
        return { ...wire, strings: source.value.map(utf8) };
      case 'reference':
        return { ...wire, refAttrName: source.value };
    }
  }

  return {
    graph,
    function: (source: FunctionDef): FunctionMessage => ({
      name: source.name,
      domain: source.domain,
      overload: source.overload,
      input: [...source.inputs],
      output: [...source.outputs],
      attribute: [...source.attributes],
      attributeProto: [...source.defaults].map(([name, value]) => attribute(name, value)),
      node: source.nodes.map(node),
      opsetImport: [...source.opsets].map(([domain, version]) => ({ domain, version: BigInt(version) })),
    }),
  };
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Source: AttributeProto.AttributeType, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const TYPE_NUMBERS: Readonly<Record<Attribute['type'], number>> = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
  reference: 0,
};

const valueInfo = ({ name, dataType, shape }: Value | ValueInfo): WireValueInfo => ({
  name,
  type: dataType && {
    tensorType: {
      elemType: DATA_TYPES[dataType],
      shape: shape && {
        dim: shape.map((n) =>
          typeof n === 'number' && n >= 0
            ? { dimValue: BigInt(n), dimParam: undefined }
            : { dimValue: undefined, dimParam: n === -1 ? undefined : String(n) },
        ),
      },
    },
  },
});
