import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { bytesOf } from './tensor-value.js';

/** Numbers of the fields of a model file. Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const GRAPH_OF_MODEL = 7;
const INITIALIZER_OF_GRAPH = 5;
const TENSOR = { floatData: 4, name: 8, rawData: 9, externalData: 13, dataLocation: 14 } as const;

/** Where elements of a tensor may be. */
const ELEMENTS = new Set<number>([TENSOR.floatData, TENSOR.rawData, TENSOR.externalData, TENSOR.dataLocation]);

/**
 * A model file with other elements for some of its float32 initializers. All else is copied byte for byte, what we know
 * nothing of too. Tensors that lay beside the file lie in it then.
 *
 * @param tensors elements by the name of the initializer, as many as it has
 */
export function withTensors(file: Uint8Array, tensors: ReadonlyMap<string, Float32Array>): Uint8Array {
  return rewritten(file, GRAPH_OF_MODEL, (graph) =>
    rewritten(graph, INITIALIZER_OF_GRAPH, (tensor) => {
      const elements = tensors.get(nameOf(tensor));
      return elements === undefined ? tensor : withElements(tensor, elements);
    }),
  );
}

/** A field of a message: its number, its payload if it is one of bytes, and all of it as it is written. */
interface Field {
  readonly number: number;
  readonly payload: Uint8Array | undefined;
  readonly whole: Uint8Array;
}

function* fieldsOf(message: Uint8Array): Generator<Field> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, wireType] = reader.tag();
    const isBytes = wireType === WireType.LengthDelimited;
    const payload = isBytes ? reader.bytes() : undefined;
    if (!isBytes) reader.skip(wireType, number);
    yield { number, payload, whole: message.subarray(start, reader.pos) };
  }
}

/** The message with each field of a number changed. */
function rewritten(message: Uint8Array, number: number, change: (payload: Uint8Array) => Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  for (const field of fieldsOf(message)) {
    if (field.number !== number || field.payload === undefined) writer.raw(field.whole);
    else writer.tag(number, WireType.LengthDelimited).bytes(change(field.payload));
  }
  return writer.finish();
}

function withElements(tensor: Uint8Array, elements: Float32Array): Uint8Array {
  const writer = new BinaryWriter();
  for (const { number, whole } of fieldsOf(tensor)) if (!ELEMENTS.has(number)) writer.raw(whole);
  return writer.tag(TENSOR.rawData, WireType.LengthDelimited).bytes(bytesOf(elements)).finish();
}

function nameOf(tensor: Uint8Array): string {
  let name = '';
  for (const { number, payload } of fieldsOf(tensor)) {
    if (number === TENSOR.name && payload !== undefined) name = new TextDecoder().decode(payload);
  }
  return name;
}
