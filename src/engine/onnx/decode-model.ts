import { EngineError } from '../errors.js';
import { sizeOf } from '../tensor/shape.js';
import { type DataType, dataTypeOf, ELEMENT_SIZES } from './data-types.js';
import type {
  Attribute,
  Attributes,
  FunctionDef,
  GraphDef,
  ModelDef,
  NodeDef,
  TensorValue,
  ValueInfo,
} from './graph.js';
import {
  type FunctionMessage,
  type Graph,
  type Model,
  Model as ModelCodec,
  type Node,
  type StringStringEntry,
  type Tensor,
  type Attribute as WireAttribute,
  type ValueInfo as WireValueInfo,
} from './schema/onnx.js';
import { bytesOf } from './tensor-value.js';

/** Where a model file says that some of its tensors are. */
export interface ExternalLocation {
  /** Path relative to the model file, as written there. Not yet checked: it may point anywhere. */
  readonly location: string;
  readonly offset: number;
  /** In bytes; `undefined` means to the end of the file. */
  readonly length: number | undefined;
}

/**
 * Reads the bytes of a tensor that the model file keeps elsewhere.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the location leaves the model's folder, or does not exist.
 */
export type ReadExternal = (location: ExternalLocation) => Uint8Array;

/**
 * The model that a file holds, with the elements of every tensor wherever the file keeps them.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the bytes are no ONNX model, or hold something that makes no sense.
 */
export function decodeModel(file: Uint8Array, readExternal: ReadExternal): ModelDef {
  const model = parse(file);
  if (model.graph === undefined || model.graph.node.length === 0) throw invalid('a graph with nodes', 'none');
  const decode = decoder(readExternal);
  return {
    irVersion: Number(model.irVersion),
    opsets: new Map(model.opsetImport.map(({ domain, version }) => [domainOf(domain), Number(version)])),
    graph: decode.graph(model.graph),
    functions: model.functions.map(decode.function),
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
  };
}

/** `ai.onnx` is the written-out name of ONNX's own domain. */
const domainOf = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

function parse(file: Uint8Array): Model {
  try {
    return ModelCodec.decode(file);
  } catch (cause) {
    throw new EngineError('INVALID_MODEL', `expected an ONNX model, got bytes that are none: ${cause}`, {}, { cause });
  }
}

function decoder(readExternal: ReadExternal) {
  const graph = (source: Graph): GraphDef => {
    if (source.sparseInitializer.length > 0) throw invalid('dense tensors', 'a sparse initializer');
    return {
      name: source.name,
      inputs: source.input.map(valueInfo),
      outputs: source.output.map(valueInfo),
      nodes: source.node.map(node),
      initializers: new Map(source.initializer.map((tensor) => [tensor.name, decodeTensor(tensor, readExternal)])),
    };
  };

  const node = (source: Node): NodeDef => ({
    opType: source.opType,
    domain: domainOf(source.domain),
    name: source.name,
    inputs: source.input,
    outputs: source.output,
    attributes: attributes(source.attribute),
  });

  const attributes = (sources: readonly WireAttribute[]): Attributes =>
    new Map(sources.map((source) => [source.name, attribute(source)]));

  function attribute(source: WireAttribute): Attribute {
    if (source.refAttrName !== '') return { type: 'reference', value: source.refAttrName };
    switch (ATTRIBUTE_TYPES[source.type] ?? guessType(source)) {
      case 'float':
        return { type: 'float', value: source.f };
      case 'int':
        return { type: 'int', value: Number(source.i) };
      case 'string':
        return { type: 'string', value: text(source.s) };
      case 'tensor':
        if (source.t === undefined) throw invalid(`a tensor for attribute ${source.name}`, 'none');
        return { type: 'tensor', value: decodeTensor(source.t, readExternal) };
      case 'graph':
        if (source.g === undefined) throw invalid(`a graph for attribute ${source.name}`, 'none');
        return { type: 'graph', value: graph(source.g) };
      case 'floats':
        return { type: 'floats', value: source.floats };
      case 'ints':
        return { type: 'ints', value: source.ints.map(Number) };
      case 'strings':
        return { type: 'strings', value: source.strings.map(text) };
      default:
        throw invalid(`a number, text, tensor or graph for attribute ${source.name}`, `type ${source.type}`);
    }
  }

  return {
    graph,
    function: (source: FunctionMessage): FunctionDef => ({
      domain: domainOf(source.domain),
      name: source.name,
      inputs: source.input,
      outputs: source.output,
      attributes: source.attribute,
      defaults: attributes(source.attributeProto),
      nodes: source.node.map(node),
    }),
  };
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Source: AttributeProto.AttributeType, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const ATTRIBUTE_TYPES: readonly (Attribute['type'] | undefined)[] = [
  undefined,
  'float',
  'int',
  'string',
  'tensor',
  'graph',
  'floats',
  'ints',
  'strings',
];

/** Files of IR version 1 do not say the type of an attribute: it is the field that is filled. */
function guessType(source: WireAttribute): Attribute['type'] | undefined {
  if (source.type !== 0) return undefined;
  if (source.floats.length > 0) return 'floats';
  if (source.ints.length > 0) return 'ints';
  if (source.strings.length > 0) return 'strings';
  if (source.t !== undefined) return 'tensor';
  if (source.g !== undefined) return 'graph';
  if (source.s.length > 0) return 'string';
  return source.f !== 0 ? 'float' : 'int';
}

function valueInfo({ name, type }: WireValueInfo): ValueInfo {
  const tensor = type?.tensorType;
  const dataType = dataTypeOf(tensor?.elemType ?? 0);
  const shape = tensor?.shape?.dim.map(({ dimValue, dimParam }) =>
    dimValue !== undefined && dimValue > 0n ? safe(dimValue, name) : dimParam || -1,
  );
  return { name, dataType, shape };
}

/** Longest tensor that a file may declare: what one protobuf message, and so ONNX, can hold. */
const MAX_BYTES = 2 ** 31;

function decodeTensor(source: Tensor, readExternal: ReadExternal): TensorValue {
  const dataType = dataTypeOf(source.dataType);
  if (dataType === undefined || dataType === 'string') {
    throw invalid(`numbers in tensor ${source.name}`, `element type ${source.dataType}`);
  }
  const shape = source.dims.map((n) => safe(n, source.name));
  const sizeBytes = sizeOf(shape) * ELEMENT_SIZES[dataType];
  if (!(sizeBytes <= MAX_BYTES)) throw invalid(`at most 2 GiB in tensor ${source.name}`, `shape [${shape}]`);
  const bytes = tensorBytes(source, dataType, readExternal);
  if (bytes.length !== sizeBytes) {
    throw invalid(`${sizeBytes} bytes in tensor ${source.name} of shape [${shape}]`, `${bytes.length}`);
  }
  return { dataType, shape, bytes };
}

function tensorBytes(source: Tensor, dataType: DataType, readExternal: ReadExternal): Uint8Array {
  if (source.dataLocation === 1) return readExternal(externalLocation(source.externalData, source.name));
  if (source.rawData.length > 0) return source.rawData;
  switch (dataType) {
    case 'float32':
      return bytesOf(Float32Array.from(source.floatData));
    case 'float64':
      return bytesOf(Float64Array.from(source.doubleData));
    case 'int64':
      return bytesOf(BigInt64Array.from(source.int64Data));
    case 'uint64':
      return bytesOf(BigUint64Array.from(source.uint64Data));
    case 'uint32':
      return bytesOf(Uint32Array.from(source.uint64Data, Number));
    case 'int32':
      return bytesOf(Int32Array.from(source.int32Data));
    default:
      // One element per int32, whatever its width: take the lower bytes, little-endian.
      return ELEMENT_SIZES[dataType] === 1
        ? Uint8Array.from(source.int32Data)
        : bytesOf(Uint16Array.from(source.int32Data));
  }
}

function externalLocation(entries: readonly StringStringEntry[], tensor: string): ExternalLocation {
  const fields = new Map(entries.map(({ key, value }) => [key, value]));
  const location = fields.get('location');
  if (!location) throw invalid(`a location for tensor ${tensor}`, 'none');
  const bytes = (key: string): number | undefined => {
    const value = fields.get(key);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (!Number.isSafeInteger(number) || number < 0) throw invalid(`a whole ${key} for tensor ${tensor}`, value);
    return number;
  };
  return { location, offset: bytes('offset') ?? 0, length: bytes('length') };
}

function safe(length: bigint, name: string): number {
  if (length < 0n || length > BigInt(MAX_BYTES)) throw invalid(`an axis length of 0 … 2^31 in ${name}`, `${length}`);
  return Number(length);
}

const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`);
