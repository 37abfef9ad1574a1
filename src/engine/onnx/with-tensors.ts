import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { TensorValue } from './graph.js';
import { bytesOf } from './tensor-value.js';

/** Numbers of the fields of a model file. Source: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
const GRAPH_OF_MODEL = 7;
const INITIALIZER_OF_GRAPH = 5;
const TENSOR = { floatData: 4, name: 8, rawData: 9, externalData: 13, dataLocation: 14 } as const;

/** Where elements of a tensor may be. */
const ELEMENTS = new Set<number>([TENSOR.floatData, TENSOR.rawData, TENSOR.externalData, TENSOR.dataLocation]);

/**
 * A model file with other elements for some of its initializers. All else is copied byte for byte, what we know nothing of too.
 *
 * @param replaced elements by the name of the initializer: float32, as many as it has
 * @param beside elements of the initializers that lie beside the file, by name: in the result they lie in it
 */
export function withTensors(
  file: Uint8Array,
  replaced: ReadonlyMap<string, Float32Array>,
  beside: ReadonlyMap<string, Pick<TensorValue, 'bytes'>> = new Map(),
): Uint8Array {
  return rewritten(file, GRAPH_OF_MODEL, (graph) =>
    rewritten(graph, INITIALIZER_OF_GRAPH, (tensor) => {
      const { name, isExternal } = headOf(tensor);
      const elements = replaced.get(name);
      const bytes = elements ? bytesOf(elements) : isExternal ? beside.get(name)?.bytes : undefined;
      return bytes === undefined ? tensor : withElements(tensor, bytes);
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

function withElements(tensor: Uint8Array, bytes: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  for (const { number, whole } of fieldsOf(tensor)) if (!ELEMENTS.has(number)) writer.raw(whole);
  return writer.tag(TENSOR.rawData, WireType.LengthDelimited).bytes(bytes).finish();
}

/** The name of a tensor, and whether its elements lie beside the file. */
function headOf(tensor: Uint8Array): { name: string; isExternal: boolean } {
  let [name, isExternal] = ['', false];
  for (const { number, payload } of fieldsOf(tensor)) {
    if (number === TENSOR.name && payload !== undefined) name = new TextDecoder().decode(payload);
    if (number === TENSOR.externalData) isExternal = true;
  }
  return { name, isExternal };
}
