import { BinaryReader } from '@bufbuild/protobuf/wire';
import { EngineError } from '../errors.js';
import { dataTypeOf } from './data-types.js';
import { axisLength, type ReadExternal, type TensorDecoder, tensorDecoder, textOf } from './decode-tensor.js';
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
  type OperatorSetId,
  type Attribute as WireAttribute,
  type ValueInfo as WireValueInfo,
} from './schema/onnx.js';

/**
 * The model that a file holds, with the elements of every tensor wherever the file keeps them.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the bytes are no ONNX model, or hold something that makes no sense.
 */
export function decodeModel(file: Uint8Array, readExternal: ReadExternal): ModelDef {
  const model = parseModel(file);
  if (model.graph === undefined || model.graph.node.length === 0) throw invalid('a graph with nodes', 'none');
  const decode = decoder(tensorDecoder(readExternal));
  return {
    irVersion: Number(model.irVersion),
    opsets: opsetsOf(model.opsetImport),
    graph: decode.graph(model.graph),
    functions: model.functions.map(decode.function),
    producer: `${model.producerName} ${model.producerVersion}`.trim(),
  };
}

/**
 * The messages of a model file. Graphs may be nested about 30 deep, as protobuf's own readers have it.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the bytes are no ONNX model.
 */
export function parseModel(file: Uint8Array): Model {
  try {
    requireWholeFields(file);
    return ModelCodec.decode(file);
  } catch (cause) {
    throw new EngineError('INVALID_MODEL', `expected an ONNX model, got bytes that are none: ${cause}`, {}, { cause });
  }
}

/** The generated decoder takes a message that is cut off for a shorter one. */
function requireWholeFields(file: Uint8Array): void {
  const reader = new BinaryReader(file);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    reader.skip(wireType, field);
  }
}

/** `ai.onnx` is the written-out name of ONNX's own domain. */
const domainOf = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

const opsetsOf = (sources: readonly OperatorSetId[]): ReadonlyMap<string, number> =>
  new Map(sources.map(({ domain, version }) => [domainOf(domain), Number(version)]));

function decoder(tensors: TensorDecoder) {
  function graph(source: Graph): GraphDef {
    const dense = source.initializer.map((tensor): [string, TensorValue] => [tensor.name, tensors.dense(tensor)]);
    const sparse = source.sparseInitializer.map((tensor): [string, TensorValue] => [
      tensor.values?.name ?? '',
      tensors.sparse(tensor),
    ]);
    return {
      name: source.name,
      inputs: source.input.map(valueInfo),
      outputs: source.output.map(valueInfo),
      nodes: source.node.map(node),
      initializers: uniqueMap([...dense, ...sparse], 'tensor'),
    };
  }

  const node = (source: Node): NodeDef => ({
    opType: source.opType,
    domain: domainOf(source.domain),
    name: source.name,
    inputs: source.input,
    outputs: source.output,
    attributes: attributes(source.attribute),
    ...(source.overload === '' ? {} : { overload: source.overload }),
  });

  const attributes = (sources: readonly WireAttribute[]): Attributes =>
    uniqueMap(
      sources.map((source) => [source.name, attribute(source)]),
      'attribute',
    );

  function attribute(source: WireAttribute): Attribute {
    if (source.refAttrName !== '') return { type: 'reference', value: source.refAttrName };
    switch (ATTRIBUTE_TYPES[source.type] ?? guessType(source)) {
      case 'float':
        return { type: 'float', value: source.f ?? 0 };
      case 'int':
        return { type: 'int', value: Number(source.i ?? 0n) };
      case 'string':
        return { type: 'string', value: textOf(source.s ?? new Uint8Array()) };
      case 'tensor':
        return { type: 'tensor', value: tensorOf(source) };
      case 'graph':
        if (source.g === undefined) throw invalid(`a graph for attribute ${source.name}`, 'none');
        return { type: 'graph', value: graph(source.g) };
      case 'floats':
        return { type: 'floats', value: source.floats };
      case 'ints':
        return { type: 'ints', value: source.ints.map(Number) };
      case 'strings':
        return { type: 'strings', value: source.strings.map(textOf) };
      default:
        throw invalid(`a number, text, tensor or graph for attribute ${source.name}`, `type ${source.type}`);
    }
  }

  function tensorOf({ name, t, sparseTensor }: WireAttribute): TensorValue {
    if (t !== undefined) return tensors.dense(t);
    if (sparseTensor !== undefined) return tensors.sparse(sparseTensor);
    throw invalid(`a tensor for attribute ${name}`, 'none');
  }

  return {
    graph,
    function: (source: FunctionMessage): FunctionDef => ({
      domain: domainOf(source.domain),
      name: source.name,
      overload: source.overload,
      opsets: opsetsOf(source.opsetImport),
      inputs: source.input,
      outputs: source.output,
      attributes: source.attribute,
      defaults: attributes(source.attributeProto),
      nodes: source.node.map(node),
    }),
  };
}

function uniqueMap<Value>(entries: readonly (readonly [string, Value])[], what: string): ReadonlyMap<string, Value> {
  const map = new Map<string, Value>();
  for (const [name, value] of entries) {
    if (map.has(name)) throw invalid(`one ${what} called ${name}`, 'two');
    map.set(name, value);
  }
  return map;
}

/** Source: AttributeProto.AttributeType, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const ATTRIBUTE_TYPES: Readonly<Record<number, Attribute['type']>> = {
  1: 'float',
  2: 'int',
  3: 'string',
  4: 'tensor',
  5: 'graph',
  6: 'floats',
  7: 'ints',
  8: 'strings',
  11: 'tensor', // a sparse one
};

/** Files of IR version 1 do not say the type of an attribute: it is the field that is filled. */
function guessType(source: WireAttribute): Attribute['type'] | undefined {
  if (source.type !== 0) return undefined;
  if (source.floats.length > 0) return 'floats';
  if (source.ints.length > 0) return 'ints';
  if (source.strings.length > 0) return 'strings';
  if (source.t !== undefined || source.sparseTensor !== undefined) return 'tensor';
  if (source.g !== undefined) return 'graph';
  if (source.s !== undefined) return 'string';
  return source.f !== undefined ? 'float' : 'int';
}

function valueInfo({ name, type }: WireValueInfo): ValueInfo {
  const tensor = type?.tensorType;
  const dataType = dataTypeOf(tensor?.elemType ?? 0);
  const shape = tensor?.shape?.dim.map(({ dimValue, dimParam }) =>
    dimValue !== undefined && dimValue > 0n ? axisLength(dimValue, name) : dimParam || -1,
  );
  return { name, dataType, shape };
}

const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`);
