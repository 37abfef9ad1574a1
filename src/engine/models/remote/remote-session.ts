import { EngineError } from '../../errors.js';
import type { DataType } from '../../onnx/data-types.js';
import type { Shape } from '../../tensor/shape.js';
import type { Session, SessionValue } from '../onnx/session.js';
import { rawTensor, runtimeTensor } from '../raw.js';
import type { RawTensor, RawTensors } from '../raw-tensor.js';
import type { RemoteDescription, RemoteModel } from './remote-model.js';

/**
 * A remote as a session. Batches that are longer than it takes are sent in parts, and every answer is held against what the
 * remote said of itself when it was opened.
 *
 * @param maxBatch most examples of a request; `undefined` where any number
 */
export function remoteSession(
  remote: RemoteModel,
  { inputs, outputs }: Pick<RemoteDescription, 'inputs' | 'outputs'>,
  maxBatch: number | undefined,
): Session {
  return {
    inputs,
    outputs,
    async run(feeds, fetches) {
      const tensors = new Map([...feeds].map(([name, tensor]) => [name, rawTensor(tensor)]));
      const [count = 1] = [...tensors.values()][0]?.shape ?? [];
      const size = maxBatch ?? count;
      const answers: RawTensors[] = [];
      for (let start = 0; start < count; start += size) {
        const end = Math.min(count, start + size);
        const part = count <= size ? tensors : partOf(tensors, start, end, count);
        const answer = await remote.infer(part, fetches);
        for (const name of fetches) requireDeclared(name, answer.get(name), outputs, end - start);
        answers.push(answer);
      }
      return new Map(fetches.map((name) => [name, runtimeTensor(name, joined(name, answers))]));
    },
    release: async () => remote.close(),
  };
}

/** Rows of every tensor that has the batch axis. */
const partOf = (tensors: RawTensors, start: number, end: number, count: number): RawTensors =>
  new Map(
    [...tensors].map(([name, tensor]): [string, RawTensor] => {
      const { data, shape } = tensor;
      if (shape[0] !== count) return [name, tensor];
      const each = data.length / count;
      return [name, { ...tensor, shape: [end - start, ...shape.slice(1)], data: data.slice(start * each, end * each) }];
    }),
  );

function joined(name: string, answers: readonly RawTensors[]): RawTensor {
  const parts = answers.map((answer) => answer.get(name) as RawTensor);
  const [first] = parts as [RawTensor];
  if (parts.length === 1) return first;
  const shape = [parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0), ...first.shape.slice(1)];
  if (!(first.data instanceof Uint8Array))
    return { ...first, shape, data: parts.flatMap(({ data }) => [...data] as string[]) };
  return { ...first, shape, data: Buffer.concat(parts.map(({ data }) => data as Uint8Array)) };
}

/** @throws EngineError `MODEL_CHANGED`. Thrown when an output is not what the remote had said that it would be. */
function requireDeclared(
  name: string,
  tensor: RawTensor | undefined,
  outputs: readonly SessionValue[],
  count: number,
): void {
  const declared = outputs.find((output) => output.name === name);
  if (declared === undefined) throw new EngineError('INTERNAL', `expected a declared output, got ${name}`);
  const shape = declared.shape.map((n, axis) => (axis === 0 ? count : n));
  const fits =
    tensor?.dataType === declared.dataType &&
    tensor.shape.length === shape.length &&
    shape.every((n, axis) => typeof n !== 'number' || n < 0 || n === tensor.shape[axis]);
  if (fits) return;
  const got = tensor === undefined ? 'none' : textOf(tensor.dataType, tensor.shape);
  throw new EngineError(
    'MODEL_CHANGED',
    `expected the remote model to answer with ${textOf(declared.dataType, shape)} for ${name}, as it said when it was loaded, ` +
      `got ${got}: load the model again`,
  );
}

const textOf = (dataType: DataType, shape: Shape | readonly (number | string)[]): string =>
  `${dataType} [${shape.join(', ')}]`;
