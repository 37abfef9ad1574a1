import type {
  ModelInferRequest,
  ModelInferResponse,
  ModelMetadataResponse_TensorMetadata as TensorMetadata,
} from '../../contract/inference/open_inference.js';
import { EngineError, type RawTensor, type RawTensors, type RemoteDescription } from '../../engine/index.js';
import { readRaw, readTyped, writeRaw } from '../open-inference/contents.js';
import { datatypeNamed, datatypeNames, datatypeOf, emptyContents } from '../open-inference/datatypes.js';

type Declared = RemoteDescription['inputs'][number];

/**
 * An input or output as the remote declares it.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when its type is none of the protocol's.
 */
export function signatureOf({ name, datatype, shape }: TensorMetadata): Declared {
  const type = datatypeNamed(datatype);
  if (type === undefined) {
    const names = datatypeNames().join(', ');
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
      datatype: datatypeOf(dataType).name,
      shape: shape.map(BigInt),
      parameters: {},
      contents: undefined,
    })),
    outputs: fetches.map((name) => ({ name, parameters: {} })),
    rawInputContents: [...feeds.values()].map((tensor) => bufferOf(writeRaw(tensor))),
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
      const type = datatypeNamed(datatype);
      if (type === undefined) throw changed(`expected a known type for ${name}`, datatype);
      const lengths = shape.map(Number);
      const count = lengths.reduce((product, n) => product * n, 1);
      const raw = isRaw ? rawOutputContents[i] : undefined;
      if (raw === undefined && contents === undefined) throw changed(`expected contents of ${name}`, 'none');
      const read = raw === undefined ? readTyped(contents ?? emptyContents(), type, count) : readRaw(raw, type, count);
      if ('problem' in read) throw new EngineError('MODEL_CHANGED', `${read.problem} for ${name} ${IN_ANSWER}`);
      return [name, { dataType: type.dataType, shape: lengths, data: read.data }];
    }),
  );
}

const IN_ANSWER = 'in the answer of the remote model';

const changed = (expected: string, got: string): EngineError =>
  new EngineError('MODEL_CHANGED', `${expected} ${IN_ANSWER}, got ${got}`);

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
