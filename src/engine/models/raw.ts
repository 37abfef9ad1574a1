import { EngineError } from '../errors.js';
import type { DataType } from '../onnx/data-types.js';
import { sizeOf } from '../tensor/shape.js';
import type { GraphValue, RuntimeTensor } from './graph-value.js';
import type { ModelConfig } from './model-config.js';
import type { RawTensor, RawTensors } from './raw-tensor.js';
import { constantTensor, type RunnableGraph } from './run-original.js';

/** How runtimes hold the elements of each type; half floats are their bits. */
const ARRAYS = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  float64: Float64Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
} as const satisfies Partial<Record<DataType, unknown>>;

/**
 * Runs a graph on tensors of its own types, without pre-processing, padding or tasks.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when the runtime refuses a tensor, or its binding has no form for a type.
 */
export async function runRaw(graph: RunnableGraph, feeds: RawTensors, fetches: readonly string[]): Promise<RawTensors> {
  const tensors = new Map([...feeds].map(([name, tensor]) => [name, runtimeTensor(name, tensor)]));
  const results = await graph.run(tensors, fetches).catch((error) => {
    if (error instanceof EngineError && error.code !== 'INTERNAL') throw error; // a remote says itself what is wrong
    const text = `expected inputs that the model takes, got: ${error.message}`;
    throw new EngineError('INVALID_REQUEST', text, {}, { cause: error });
  });
  return new Map(fetches.map((name) => [name, rawTensor(results.get(name) as RuntimeTensor)]));
}

/** @throws EngineError `INVALID_REQUEST`. Thrown when ONNX Runtime's binding has no form for the type, or bytes are missing. */
export function runtimeTensor(name: string, { dataType, shape, data }: RawTensor): RuntimeTensor {
  if (!(data instanceof Uint8Array)) return { dataType, shape, data };
  if (!(dataType in ARRAYS)) {
    throw new EngineError('INVALID_REQUEST', `expected a type that the runtime takes for ${name}, got ${dataType}`);
  }
  const Elements = ARRAYS[dataType as keyof typeof ARRAYS];
  const size = sizeOf(shape) * Elements.BYTES_PER_ELEMENT;
  if (data.byteLength !== size) {
    throw new EngineError('INVALID_REQUEST', `expected ${size} bytes for ${name}, got ${data.byteLength}`);
  }
  const isAligned = data.byteOffset % Elements.BYTES_PER_ELEMENT === 0;
  const bytes = isAligned ? data : Uint8Array.from(data);
  return { dataType, shape, data: new Elements(bytes.buffer as ArrayBuffer, bytes.byteOffset, sizeOf(shape)) };
}

export function rawTensor({ dataType, shape, data }: RuntimeTensor): RawTensor {
  if (!ArrayBuffer.isView(data)) return { dataType, shape, data };
  return { dataType, shape, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** The constant that `model.yaml` has for an input. */
export function rawConstant(inputs: readonly GraphValue[], name: string, config: ModelConfig): RawTensor {
  const input = inputs.find((candidate) => candidate.name === name);
  const other = config.otherInputs.find((candidate) => candidate.name === name);
  if (input === undefined || other === undefined || !('value' in other)) {
    throw new EngineError('INTERNAL', `expected a constant for the input ${name}, got none`);
  }
  return rawTensor(constantTensor(input, [other.value].flat(), 1));
}
