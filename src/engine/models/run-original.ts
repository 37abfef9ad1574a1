import { EngineError } from '../errors.js';
import type { Shape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { fromRuntime, toRuntime } from './convert.js';
import type { GraphValue, RuntimeTensor } from './graph-value.js';
import type { ModelConfig } from './model-config.js';
import type { ModelInfo } from './model-info.js';
import type { ExtraInputs } from './network.js';

/** A graph that takes and gives tensors by name. */
export interface RunnableGraph {
  run(
    feeds: ReadonlyMap<string, RuntimeTensor>,
    fetches: readonly string[],
  ): Promise<ReadonlyMap<string, RuntimeTensor>>;
}

/** An input of the original graph, with what it gets. */
export interface OriginalFeed {
  readonly input: GraphValue;
  /** Numbers with the batch axis, or a constant. */
  readonly tensor: Tensor | { readonly constant: readonly number[] };
}

/**
 * Runs the original for N examples; a graph of a fixed batch as often as it takes, the last time with repeated examples.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when the runtime refuses the shape.
 */
export async function runOriginal(
  graph: RunnableGraph,
  feeds: readonly OriginalFeed[],
  fetches: readonly string[],
  fixedBatch: number | undefined,
): Promise<ReadonlyMap<string, Tensor>> {
  const count = feeds.reduce(
    (most, { tensor }) => ('shape' in tensor ? Math.max(most, tensor.shape[0] ?? 0) : most),
    0,
  );
  const size = fixedBatch ?? count;
  const parts = new Map<string, { data: Float32Array; shape: Shape }[]>(fetches.map((name) => [name, []]));
  for (let start = 0; start < count; start += size) {
    const tensors = feeds.map(({ input, tensor }): [string, RuntimeTensor] => [
      input.name,
      feed(input, tensor, start, size, count),
    ]);
    const results = await graph.run(new Map(tensors), fetches).catch((error) => {
      if (error instanceof EngineError && error.code !== 'INTERNAL') throw error; // a remote says itself what is wrong
      throw new EngineError(
        'INVALID_REQUEST',
        `expected inputs that the model takes, got: ${error.message}`,
        {},
        { cause: error },
      );
    });
    for (const name of fetches) {
      const result = results.get(name) as RuntimeTensor;
      const [batch = 0] = result.shape;
      if (batch !== size) {
        throw new EngineError(
          'INVALID_MODEL',
          `expected ${size} examples along axis 0 of ${name}, got shape [${result.shape}]`,
        );
      }
      const kept = Math.min(size, count - start);
      const values = fromRuntime(result);
      const part = values.subarray(0, (values.length / size) * kept);
      parts.get(name)?.push({ data: part, shape: [kept, ...result.shape.slice(1)] });
    }
  }
  return new Map([...parts].map(([name, list]) => [name, joined(list, count)]));
}

function feed(
  input: GraphValue,
  tensor: OriginalFeed['tensor'],
  start: number,
  size: number,
  count: number,
): RuntimeTensor {
  if ('constant' in tensor) return constantTensor(input, tensor.constant, size);
  const each = tensor.data.length / (tensor.shape[0] ?? 1);
  const shape = [size, ...tensor.shape.slice(1)];
  if (start + size <= count)
    return toRuntime(tensor.data.subarray(start * each, (start + size) * each), shape, input.dataType);
  const values = new Float32Array(size * each);
  for (let n = 0; n < size; n++) {
    const source = Math.min(start + n, count - 1);
    values.set(tensor.data.subarray(source * each, (source + 1) * each), n * each);
  }
  return toRuntime(values, shape, input.dataType);
}

/** A constant for `batchSize` examples; one number stands for all elements. */
export function constantTensor(input: GraphValue, constant: readonly number[], batchSize: number): RuntimeTensor {
  const shape = input.shape.map((n, axis) => (typeof n === 'number' && n >= 0 ? n : axis === 0 ? batchSize : 1));
  const elements = shape.reduce((product, n) => product * n, 1);
  const [first = 0] = constant;
  const values = constant.length === 1 ? new Float32Array(elements).fill(first) : Float32Array.from(constant);
  return toRuntime(values, shape, input.dataType);
}

function joined(parts: readonly Tensor[], count: number): Tensor {
  const [first] = parts;
  if (first === undefined) throw new EngineError('INTERNAL', 'expected at least one example, got none');
  if (parts.length === 1) return first;
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return { data, shape: [count, ...first.shape.slice(1)] };
}

/** What an input of the graph gets: numbers of the attacked one, or what belongs to another. */
export const feedOf = (
  name: string,
  attacked: Tensor,
  extraInputs: ExtraInputs,
  { info, config }: { readonly info: ModelInfo; readonly config: ModelConfig },
): OriginalFeed['tensor'] => (name === info.input.name ? attacked : otherFeedOf(name, extraInputs, config));

/**
 * What an input that is not attacked gets.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when a request does not bring what it must.
 */
export function otherFeedOf(
  name: string,
  extraInputs: ExtraInputs,
  { otherInputs }: Pick<ModelConfig, 'otherInputs'>,
): OriginalFeed['tensor'] {
  const given = extraInputs.get(name);
  if (given !== undefined) return given;
  const other = otherInputs.find((candidate) => candidate.name === name);
  if (other === undefined || !('value' in other)) {
    throw new EngineError('INVALID_REQUEST', `expected a tensor for the input ${name}, got none`);
  }
  return { constant: [other.value].flat() };
}
