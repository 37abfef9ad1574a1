import type {
  InferTensorContents,
  ModelInferRequest,
  ModelInferResponse,
  ModelMetadataResponse_TensorMetadata as TensorMetadata,
} from '../../contract/inference/open_inference.js';
import { EngineError, type RawTensor, type RawTensors, type RemoteDescription } from '../../engine/index.js';

type DataType = RawTensor['dataType'];
type Declared = RemoteDescription['inputs'][number];

/** A type of the protocol: how elements become bytes where they are answered in typed lists. */
interface Datatype {
  readonly dataType: DataType;
  /** Bytes of an element; 0 for text. */
  readonly size: number;
  bytes?(contents: InferTensorContents): Uint8Array;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);

/** Every type, one line each. Source: the protocol's "Tensor Data Types", and `InferTensorContents`. */
const DATATYPES: Readonly<Record<string, Datatype>> = {
  BOOL: { dataType: 'bool', size: 1, bytes: (c) => Uint8Array.from(c.boolContents, Number) },
  UINT8: { dataType: 'uint8', size: 1, bytes: (c) => Uint8Array.from(c.uintContents) },
  UINT16: { dataType: 'uint16', size: 2, bytes: (c) => bytesOf(Uint16Array.from(c.uintContents)) },
  UINT32: { dataType: 'uint32', size: 4, bytes: (c) => bytesOf(Uint32Array.from(c.uintContents)) },
  UINT64: { dataType: 'uint64', size: 8, bytes: (c) => bytesOf(BigUint64Array.from(c.uint64Contents)) },
  INT8: { dataType: 'int8', size: 1, bytes: (c) => bytesOf(Int8Array.from(c.intContents)) },
  INT16: { dataType: 'int16', size: 2, bytes: (c) => bytesOf(Int16Array.from(c.intContents)) },
  INT32: { dataType: 'int32', size: 4, bytes: (c) => bytesOf(Int32Array.from(c.intContents)) },
  INT64: { dataType: 'int64', size: 8, bytes: (c) => bytesOf(BigInt64Array.from(c.int64Contents)) },
  FP16: { dataType: 'float16', size: 2 },
  BF16: { dataType: 'bfloat16', size: 2 },
  FP32: { dataType: 'float32', size: 4, bytes: (c) => bytesOf(Float32Array.from(c.fp32Contents)) },
  FP64: { dataType: 'float64', size: 8, bytes: (c) => bytesOf(Float64Array.from(c.fp64Contents)) },
  BYTES: { dataType: 'string', size: 0 },
};
const nameOf = (dataType: DataType): string =>
  Object.entries(DATATYPES).find(([, each]) => each.dataType === dataType)?.[0] ?? '';

/**
 * An input or output as the remote declares it.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when its type is none of the protocol's.
 */
export function signatureOf({ name, datatype, shape }: TensorMetadata): Declared {
  const type = DATATYPES[datatype];
  if (type === undefined) {
    const names = Object.keys(DATATYPES).join(', ');
    throw new EngineError('INVALID_MODEL', `expected one of ${names} for ${name} of the remote model, got ${datatype}`);
  }
  return { name, dataType: type.dataType, shape: shape.map((n) => (n >= 0n ? Number(n) : -1)) };
}

/** A request with raw contents. */
export function writeRequest(
  modelName: string,
  modelVersion: string,
  feeds: RawTensors,
  fetches: readonly string[],
): ModelInferRequest {
  return {
    modelName,
    modelVersion,
    id: '',
    parameters: {},
    inputs: [...feeds].map(([name, { dataType, shape }]) => ({
      name,
      datatype: nameOf(dataType),
      shape: shape.map(BigInt),
      parameters: {},
      contents: undefined,
    })),
    outputs: fetches.map((name) => ({ name, parameters: {} })),
    rawInputContents: [...feeds.values()].map(({ data }) =>
      data instanceof Uint8Array ? Buffer.from(data.buffer, data.byteOffset, data.byteLength) : writeTexts(data),
    ),
  };
}

/**
 * The tensors of an answer, raw or typed.
 *
 * @throws EngineError `MODEL_CHANGED`. Thrown when it makes no tensors.
 */
export function readAnswer({ outputs, rawOutputContents }: ModelInferResponse): RawTensors {
  const isRaw = rawOutputContents.length > 0;
  return new Map(
    outputs.map(({ name, datatype, shape, contents }, i): [string, RawTensor] => {
      const type = DATATYPES[datatype];
      if (type === undefined) throw changed(`a known type for ${name}`, datatype);
      const raw = isRaw ? rawOutputContents[i] : undefined;
      const lengths = shape.map(Number);
      if (type.dataType === 'string') {
        const data = raw === undefined ? (contents?.bytesContents ?? []).map(String) : readTexts(raw);
        return [name, { dataType: 'string', shape: lengths, data }];
      }
      const data: Uint8Array | undefined = raw ?? (contents && type.bytes?.(contents));
      const size = lengths.reduce((product, n) => product * n, type.size);
      if (data?.byteLength !== size) throw changed(`${size} bytes for ${name}`, String(data?.byteLength ?? 'none'));
      return [name, { dataType: type.dataType, shape: lengths, data }];
    }),
  );
}

const changed = (expected: string, got: string): EngineError =>
  new EngineError('MODEL_CHANGED', `expected ${expected} in the answer of the remote model, got ${got}`);

/** Each text behind its length in bytes, 32 bits, little-endian. */
function writeTexts(texts: readonly string[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      return [length, bytes];
    }),
  );
}

function readTexts(bytes: Uint8Array): string[] {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let at = 0; at + 4 <= data.length; ) {
    const end = at + 4 + data.readUInt32LE(at);
    texts.push(data.toString('utf8', at + 4, end));
    at = end;
  }
  return texts;
}
