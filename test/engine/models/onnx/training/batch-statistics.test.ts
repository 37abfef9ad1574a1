import test from 'ava';
import { differentiate } from '../../../../../src/engine/autodiff/differentiate.js';
import { EngineError } from '../../../../../src/engine/errors.js';
import { createSession } from '../../../../../src/engine/models/onnx/session.js';
import { withBatchStatistics } from '../../../../../src/engine/models/onnx/training/batch-statistics.js';
import { growGraph } from '../../../../../src/engine/onnx/builder.js';
import { encodeStaticGraph } from '../../../../../src/engine/onnx/encode-model.js';
import type { StaticGraph } from '../../../../../src/engine/onnx/graph.js';
import { keyedRandom } from '../../../../../src/engine/tensor/random.js';
import { type Shape, sizeOf } from '../../../../../src/engine/tensor/shape.js';

const EPSILON = 1e-3;
const PARTS = ['x', 'gamma', 'beta'] as const;
type Numbers = Readonly<Record<(typeof PARTS)[number] | 'dY', Float64Array>>;

/** A batch norm of an input `x`, with running statistics that nothing may come from. */
function normOf(shape: Shape): StaticGraph {
  const g = growGraph();
  const channels = [shape[1] as number];
  const inputs = PARTS.map((name) => g.addInput(name, 'float32', name === 'x' ? shape : channels));
  const running = ['mean', 'variance'].map((name) => g.addInput(name, 'float32', channels));
  return g.finish([g.op('BatchNormalization', [...inputs, ...running], { epsilon: { float: EPSILON } })]);
}

/** Around a mean that is 50 times the deviation. */
function numbersOf(shape: Shape): Numbers {
  const draw = keyedRandom('start', 1, `${shape}`, 0);
  const drawn = (size: number, mean: number): Float64Array =>
    Float64Array.from({ length: size }, () => Math.fround(mean + draw() - 0.5));
  const [size, channels] = [sizeOf(shape), shape[1] as number];
  return { x: drawn(size, 15), gamma: drawn(channels, 1), beta: drawn(channels, 0), dY: drawn(size, 0) };
}

/** In float64: the outputs, and what the batch has. */
function reference({ x, gamma, beta }: Numbers, shape: Shape) {
  const [channels, positions] = [shape[1] as number, sizeOf(shape.slice(2))];
  const channelOf = (i: number): number => Math.floor(i / positions) % channels;
  const count = x.length / channels;
  const mean = new Float64Array(channels);
  for (const [i, value] of x.entries()) mean[channelOf(i)] = (mean[channelOf(i)] as number) + value / count;
  const variance = new Float64Array(channels);
  for (const [i, value] of x.entries()) {
    const c = channelOf(i);
    variance[c] = (variance[c] as number) + (value - (mean[c] as number)) ** 2 / count;
  }
  const y = x.map((value, i) => {
    const c = channelOf(i);
    const normalised = (value - (mean[c] as number)) / Math.sqrt((variance[c] as number) + EPSILON);
    return (gamma[c] as number) * normalised + (beta[c] as number);
  });
  return { y, mean, variance };
}

async function ours(shape: Shape, numbers: Numbers): Promise<Readonly<Record<string, Float32Array>>> {
  const { graph, norms, rules } = withBatchStatistics(normOf(shape));
  const g = growGraph(graph);
  const [output] = graph.outputs;
  const [norm] = norms;
  if (output === undefined || norm === undefined) throw new Error('expected a norm, got none');
  const seeds = new Map([[output.name, g.addInput('dY', 'float32', shape)]]);
  const { gradients } = differentiate({ graph, builder: g, seeds, inputs: PARTS, stopped: new Set(), rules, probes: new Map() });
  const outputs = [
    g.named(output, 'y'),
    g.named(norm.mean, 'own mean'),
    g.named(norm.variance, 'own variance'),
    ...[...gradients].map(([name, value]) => g.named(value, `d${name}`)),
  ];
  const grown = g.finish(outputs);
  const inputs = grown.inputs.filter(({ name }) => name !== 'mean' && name !== 'variance');
  const session = await createSession(encodeStaticGraph({ ...grown, inputs }), {
    threads: 1,
    allowSpinning: false,
    optimization: 'all',
    prepacking: true,
  });
  try {
    const feeds = inputs.map(({ name, shape: own }) => {
      const data = Float32Array.from(numbers[name as keyof Numbers]);
      return [name, { dataType: 'float32', shape: own, data }] as const;
    });
    const results = await session.run(
      new Map(feeds),
      outputs.map(({ name }) => name),
    );
    return Object.fromEntries([...results].map(([name, { data }]) => [name, data as Float32Array]));
  } finally {
    await session.release();
  }
}

const isExact = test.macro<[shape: Shape]>({
  title: (_, shape) => `a batch norm over [${shape}] divides by what its batch has, and is derived through it`,
  async exec(t, shape) {
    const numbers = numbersOf(shape);
    const actual = await ours(shape, numbers);
    const { y, mean, variance } = reference(numbers, shape);
    const near = (name: string, expected: ArrayLike<number>, tolerance: number): void => {
      const largest = Math.max(...Array.from(expected, Math.abs));
      for (const [i, value] of Array.from(expected).entries()) {
        const own = actual[name]?.[i] as number;
        t.true(Math.abs(own - value) <= tolerance * largest, `${name}[${i}]: ${own}, expected ${value}`);
      }
    };
    near('y', y, 1e-4);
    near('own mean', mean, 1e-6);
    near('own variance', variance, 1e-4);
    const lossOf = (change: Partial<Numbers>): number => {
      const outputs = reference({ ...numbers, ...change }, shape).y;
      return outputs.reduce((sum, value, i) => sum + value * (numbers.dY[i] as number), 0);
    };
    const h = 1e-5;
    for (const part of PARTS) {
      const slopes = numbers[part].map((value, i) => {
        const at = (by: number): number => lossOf({ [part]: numbers[part].with(i, value + by) });
        return (at(h) - at(-h)) / (2 * h);
      });
      near(`d${part}`, slopes, 1e-4);
    }
  },
});
for (const shape of [
  [2, 3, 4, 5],
  [3, 2, 4],
  [6, 4],
  [1, 3, 4, 4],
  [2, 2, 3, 2, 2],
])
  test(isExact, shape);

test('a channel of one element has no variance to divide by, and is refused', (t) => {
  const error = t.throws(() => withBatchStatistics(normOf([1, 3, 1, 1])), { instanceOf: EngineError });
  t.is(error?.code, 'INVALID_REQUEST');
});
