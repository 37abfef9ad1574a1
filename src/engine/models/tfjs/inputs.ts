import { toRuntime } from '../convert.js';
import type { GraphValue, RuntimeTensor } from '../graph-value.js';
import type { ModelConfig } from '../model-config.js';
import type { ExtraInputs } from '../network.js';
import { channelShape, isIdentity, type Preprocessing } from '../preprocessing.js';
import { constantTensor, type OriginalFeed, otherFeedOf } from '../run-original.js';
import { dataTypeOf, type TfjsGraph } from './open-graph.js';
import type { Tensor, TfjsRuntime } from './runtime.js';

/** What decides the inputs of a graph. */
export interface Feeding {
  readonly runtime: TfjsRuntime;
  readonly graph: TfjsGraph;
  readonly config: Pick<ModelConfig, 'otherInputs'>;
  /** Name of the attacked input. */
  readonly attacked: string;
  readonly preprocessing: Preprocessing;
}

/**
 * Tensors of a graph for levels of shape [N, …], by name. Whoever calls it holds a `tidy` around.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when an input that differs per example is missing.
 */
export function forward(
  { runtime, graph, config, attacked, preprocessing }: Feeding,
  pixels: Tensor,
  extraInputs: ExtraInputs,
  names: readonly string[],
): readonly Tensor[] {
  const feeds = graph.inputs.map((input): [string, Tensor] => {
    if (input.name === attacked) return [input.name, rounded(runtime, levelsIn(runtime, pixels, preprocessing), input)];
    return [
      input.name,
      otherTensor(runtime, input, otherFeedOf(input.name, extraInputs, config), pixels.shape[0] ?? 1),
    ];
  });
  return graph.run(new Map(feeds), names);
}

/** Levels as the model takes them. */
function levelsIn({ tf }: TfjsRuntime, pixels: Tensor, preprocessing: Preprocessing): Tensor {
  if (isIdentity(preprocessing)) return pixels;
  const shape = [...channelShape(preprocessing, pixels.shape)];
  return tf.add(tf.mul(pixels, tf.tensor(preprocessing.scale, shape)), tf.tensor(preprocessing.offset, shape));
}

/** A whole-number input gets the nearest whole numbers, and its gradient passes as if it had not been rounded. */
function rounded({ tf }: TfjsRuntime, x: Tensor, { dataType }: GraphValue): Tensor {
  if (dataType === 'float32') return x;
  return tf.customGrad((y) => ({ value: tf.cast(tf.round(y as Tensor), 'int32'), gradFunc: (dy) => dy }))(x);
}

function otherTensor(runtime: TfjsRuntime, value: GraphValue, tensor: OriginalFeed['tensor'], batch: number): Tensor {
  if ('constant' in tensor) return fromRuntime(runtime, constantTensor(value, tensor.constant, batch));
  return fromRuntime(runtime, toRuntime(tensor.data, tensor.shape, value.dataType));
}

/** A tensor as it is fed. */
export const fromRuntime = ({ tf }: TfjsRuntime, { data, shape, dataType }: RuntimeTensor): Tensor =>
  tf.tensor(data as Float32Array, [...shape], dataType as 'float32');

/** What a tensor holds, as runtimes give it. */
export async function runtimeTensorOf(name: string, tensor: Tensor): Promise<RuntimeTensor> {
  const data = (await tensor.data()) as Float32Array | Int32Array | Uint8Array;
  return { dataType: dataTypeOf(name, tensor.dtype), shape: [...tensor.shape], data };
}

/** Something for the inputs that differ per example. */
export function sampleExtras(
  { otherInputs }: Pick<ModelConfig, 'otherInputs'>,
  inputs: readonly GraphValue[],
  batch: number,
): ExtraInputs {
  const extras = otherInputs.filter((other) => 'perRequest' in other).map(({ name }) => name);
  return new Map(
    extras.map((name) => {
      const declared = inputs.find((input) => input.name === name)?.shape ?? [];
      const shape = declared.map((n, axis) => (typeof n === 'number' && n > 0 ? n : axis === 0 ? batch : 1));
      return [name, { data: new Float32Array(shape.reduce((product, n) => product * n, 1)).fill(0.5), shape }];
    }),
  );
}
