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
 * inside: ONNX Runtime's shape inference reads only those.
 */
const EXTERNAL_FROM_BYTES = 1024;

/** Newest file format that every ONNX Runtime of the last years reads. */
const IR_VERSION = 8;

/** A file of a graph that we made. */
export function encodeStaticGraph(graph: StaticGraph): EncodedModel {
  const isUsed = new Set(graph.nodes.flatMap(({ inputs }) => inputs));
  return encodeModel({
    // ONNX Runtime reads opset 21 and later only from files of IR version 10 and later.
    irVersion: graph.opset > 20 ? 10 : IR_VERSION,
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
    graph: encode.graph(model.graph),
    opsetImport: [...model.opsets].map(([domain, version]) => ({ domain, version: BigInt(version) })),
    functions: model.functions.map((definition) => encode.function(definition, model.opsets)),
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
  function tensor(name: string, { dataType, shape, bytes }: TensorValue, mayBeExternal: boolean): Tensor {
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
      stringData: [],
      int64Data: [],
      doubleData: [],
      uint64Data: [],
    };
  }

  const graph = (source: GraphDef): Graph => ({
    node: source.nodes.map(node),
    name: source.name,
    initializer: [...source.initializers].map(([name, value]) => tensor(name, value, true)),
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
    overload: '',
  });

  function attribute(name: string, source: Attribute): WireAttribute {
    const wire: WireAttribute = {
      name,
      f: 0,
      i: 0n,
      s: new Uint8Array(),
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
        return { ...wire, s: new TextEncoder().encode(source.value) };
      case 'tensor':
        return { ...wire, t: tensor('', source.value, false) };
      case 'graph':
        return { ...wire, g: graph(source.value) };
      case 'floats':
        return { ...wire, floats: [...source.value] };
      case 'ints':
        return { ...wire, ints: source.value.map(toInt64) };
      case 'strings':
        return { ...wire, strings: source.value.map((text) => new TextEncoder().encode(text)) };
      case 'reference':
        return { ...wire, refAttrName: source.value };
    }
  }

  return {
    graph,
    function: (source: FunctionDef, opsets: ReadonlyMap<string, number>): FunctionMessage => ({
      name: source.name,
      domain: source.domain,
      overload: '',
      input: [...source.inputs],
      output: [...source.outputs],
      attribute: [...source.attributes],
      attributeProto: [...source.defaults].map(([name, value]) => attribute(name, value)),
      node: source.nodes.map(node),
      opsetImport: [...opsets].map(([domain, version]) => ({ domain, version: BigInt(version) })),
    }),
  };
}

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
