import type { GraphDef, StaticGraph } from '../../onnx/graph.js';
import { keyedRandom } from '../../tensor/random.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { ExtraInputs } from '../network.js';
import type { ProviderName } from '../providers.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { createStaticSession } from './create-static-session.js';
import type { RuntimeTensor } from './session.js';

/** Largest difference between the original and what it was rewritten to, over the largest output. */
const TOLERANCE = 1e-5;
/** The same where weights or activations have fewer bits, or a GPU rounds: there the last of them may fall either way. */
const COARSE_TOLERANCE = 1e-3;

/**
 * How many times as far as the original from itself, run node by node as the file has them, a rewritten network may be: where
 * ONNX Runtime's own rearrangements change more than the tolerance, so may ours. See docs/adr/0005.
 */
const NOISE_FACTOR = 10;
/** Beyond this share of the largest output nothing counts as rounding. */
const MOST_NOISE = 0.05;

const COARSE_OPERATORS = /^(Q.*|DequantizeLinear|DynamicQuantize.*|.*Integer|.*IntegerToFloat)$/;

/** How well a rewritten network repeats the original. */
export interface Comparison {
  /** The tensor that differs most, or `undefined` where all agree. */
  readonly worst: { readonly output: string; readonly difference: number; readonly largest: number } | undefined;
}

export interface ComparisonInput {
  readonly network: StaticGraph;
  /** Name of the input that is attacked. */
  readonly input: string;
  /** Its shape, batch axis included. */
  readonly shape: Shape;
  /** The other inputs, if any. */
  readonly extraInputs: ExtraInputs;
  /** The original's outputs for levels, by the name of the tensor. */
  original(levels: Tensor): Promise<ReadonlyMap<string, Tensor>>;
  /** The same without any of ONNX Runtime's optimisations; asked for only where the tolerance is exceeded. */
  unoptimised(levels: Tensor): Promise<ReadonlyMap<string, Tensor>>;
  /** From levels to what the network takes. */
  normalise(levels: Tensor): Tensor;
  readonly isCoarse: boolean;
  readonly runtime: RuntimeOptions;
  /** What runs the rewritten network. */
  readonly provider: ProviderName;
}

/** Runs a rewritten network, forward only, on two seeded inputs, and holds every output against the original's. */
export async function compareWithOriginal(options: ComparisonInput): Promise<Comparison> {
  const { network, input, shape, extraInputs, isCoarse, runtime, provider } = options;
  const session = await createStaticSession(network, runtime, provider, false);
  const tolerance = isCoarse ? COARSE_TOLERANCE : TOLERANCE;
  let worst: Comparison['worst'];
  try {
    for (const seed of [1, 2]) {
      const random = keyedRandom('start', seed, 'faithfulness', 0);
      const levels: Tensor = { data: new Float32Array(sizeOf(shape)).map(() => Math.floor(256 * random())), shape };
      const expected = await options.original(levels);
      const feeds = [...extraInputs, [input, options.normalise(levels)] as const].map(
        ([name, tensor]): [string, RuntimeTensor] => [name, { dataType: 'float32', ...tensor }],
      );
      const names = network.outputs.map(({ name }) => name);
      const results = await session.run(new Map(feeds), names);
      for (const output of names) {
        const [difference, largest] = distance(results.get(output) as RuntimeTensor, expected.get(output) as Tensor);
        if (difference <= tolerance * largest || difference < (worst?.difference ?? 0)) continue;
        const noise = await noiseOf(output, levels, expected, options);
        if (!(difference <= Math.min(NOISE_FACTOR * noise, MOST_NOISE * largest)))
          worst = { output, difference, largest };
      }
    }
  } finally {
    await session.release();
  }
  return { worst };
}

/** How much an output of the original changes when ONNX Runtime rearranges nothing. */
async function noiseOf(
  output: string,
  levels: Tensor,
  expected: ReadonlyMap<string, Tensor>,
  { unoptimised }: ComparisonInput,
): Promise<number> {
  const plain = await unoptimised(levels);
  const [difference] = distance(plain.get(output) as Tensor, expected.get(output) as Tensor);
  return difference;
}

/** Whether a network computes with fewer bits than float32 has. */
export const hasFewerBits = (original: Pick<GraphDef, 'nodes' | 'initializers'>): boolean =>
  original.nodes.some(({ opType }) => COARSE_OPERATORS.test(opType)) ||
  [...original.initializers.values()].some(({ dataType }) => dataType === 'float16' || dataType === 'bfloat16');

function distance(actual: Pick<RuntimeTensor, 'data'>, expected: Tensor): [difference: number, largest: number] {
  let [difference, largest] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const [a, b] = [Number(actual.data[i]), expected.data[i] as number];
    if (Object.is(a, b)) continue; // both may be infinite, or NaN
    const gap = Math.abs(a - b);
    difference = Math.max(difference, Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap);
    if (Number.isFinite(b)) largest = Math.max(largest, Math.abs(b));
  }
  if (difference > 0) return [difference, largest];
  return [0, 1];
}
