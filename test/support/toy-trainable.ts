import type { Dataset, DatasetExample } from '../../src/engine/index.js';
import { parseModelConfig } from '../../src/engine/models/model-config.js';
import type { TaskInfo } from '../../src/engine/models/model-info.js';
import type { ModelState, Trainable, TrainingInput, TrainingRequest } from '../../src/engine/models/trainable.js';
import { keyedRandom } from '../../src/engine/tensor/random.js';
import { modelInfo, numberInfo } from './model-info.js';

const CONFIG = `
input: { kind: image }
tasks:
  - { name: depth, kind: depth, loss: mse }
  - { name: edges, kind: edges, loss: mse }
`;

/** A call of a program: which one, and what batch norms would have had. */
export interface ToyCall {
  readonly kind: 'training' | 'pixels';
  readonly input: TrainingInput;
  readonly request: TrainingRequest;
}

const tasks: readonly TaskInfo[] = ['depth', 'edges'].map((name) =>
  numberInfo(name, { loss: 'mse', shape: [1, -1, -1] }),
);

/**
 * A model that can be computed by hand: grey images x in levels, output of task c at each pixel w x / 255 + b_c, and a batch norm
 * that nothing reads. Losses are means of squares over valid pixels.
 */
export function toyTrainable(calls: ToyCall[] = []): Trainable {
  const initialState: ModelState = new Map([
    ['w', Float32Array.of(0.5)],
    ['b.depth', Float32Array.of(0.25)],
    ['b.edges', Float32Array.of(-0.25)],
    ['bn.mean', Float32Array.of(0)],
    ['bn.variance', Float32Array.of(1)],
  ]);
  return {
    info: modelInfo(tasks, {
      input: { name: 'x', kind: 'image', shape: [1, -1, -1], layout: 'NCHW', colorOrder: 'GREY', range: [0, 255] },
    }),
    config: parseModelConfig(CONFIG),
    parameters: new Map([
      ['w', [1]],
      ['b.depth', [1]],
      ['b.edges', [1]],
    ]),
    statistics: [{ mean: 'bn.mean', variance: 'bn.variance' }],
    initialState,
    normalise: (pixels) => pixels,
    trainingProgram: async (request) => ({
      batchSize: request.batchSize,
      run: async (input) => {
        calls.push({ kind: 'training', input, request });
        const { losses, parameters, statistics } = compute(request, input);
        return { losses, scores: losses, gradients: parameters, statistics };
      },
      dispose: async () => {},
    }),
    pixelProgram: async (request) => ({
      batchSize: request.batchSize,
      run: async (input) => {
        calls.push({ kind: 'pixels', input, request });
        const { losses, gradient, statistics } = compute(request, input);
        return { losses, scores: losses, gradient, statistics };
      },
      dispose: async () => {},
    }),
    encode: (state) => Uint8Array.from(Buffer.from(JSON.stringify([...state].map(([name, v]) => [name, [...v]])))),
  };
}

function compute({ tasks: wanted, batchNorm }: TrainingRequest, input: TrainingInput) {
  const { pixels, labels, valid, weights, state } = input;
  const [count = 0] = pixels.shape;
  const size = pixels.data.length / count;
  const losses = { data: new Float32Array(count * wanted.length), shape: [count, wanted.length] };
  const gradient = { data: new Float32Array(pixels.data.length), shape: pixels.shape };
  const w = state.get('w')?.[0] as number;
  const sums = new Map([['w', 0], ...wanted.map(({ task }) => [`b.${task}`, 0] as const)]);
  const add = (name: string, value: number) => sums.set(name, (sums.get(name) as number) + value);
  for (const [c, { task }] of wanted.entries()) {
    const b = state.get(`b.${task}`)?.[0] as number;
    const [truth, counts] = [labels.get(task) as Float32Array, valid.get(task) as Uint8Array];
    for (let n = 0; n < count; n++) {
      const all = counts.subarray(n * size, (n + 1) * size).reduce((sum, one) => sum + one, 0) || 1;
      for (let i = n * size; i < (n + 1) * size; i++) {
        if (counts[i] !== 1) continue;
        const x = (pixels.data[i] as number) / 255;
        const miss = w * x + b - (truth[i] as number);
        const lambda = weights[n * wanted.length + c] as number;
        losses.data[n * wanted.length + c] = (losses.data[n * wanted.length + c] as number) + miss ** 2 / all;
        add('w', (lambda * 2 * miss * x) / all);
        add(`b.${task}`, (lambda * 2 * miss) / all);
        gradient.data[i] = (gradient.data[i] as number) + (lambda * 2 * miss * w) / (255 * all);
      }
    }
  }
  const parameters = new Map([...sums].map(([name, value]) => [name, Float32Array.of(value)]));
  return { losses, gradient, parameters, statistics: batchNorm === 'batch' ? batchStatistics(pixels.data) : new Map() };
}

function batchStatistics(data: Float32Array): ReadonlyMap<string, Float32Array> {
  const mean = data.reduce((sum, x) => sum + x, 0) / data.length;
  const variance = data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (data.length - 1);
  return new Map([
    ['bn.mean', Float32Array.of(mean)],
    ['bn.variance', Float32Array.of(variance)],
  ]);
}

/** Images of 3 × 4 random levels with labels that fit a line, y = x / 255 − 0.5 (depth) and − x / 255 (edges). */
export function toyDataset(size: number, change: (example: DatasetExample) => DatasetExample = (one) => one): Dataset {
  const shape = [1, 3, 4];
  const keys = Array.from({ length: size }, (_, i) => `example-${i}`);
  return {
    name: 'toy',
    kind: 'manifest',
    keys,
    digest: `toy-${size}`,
    read: async (key) => {
      const random = keyedRandom('sweep', 0, key, 0);
      const data = Float32Array.from({ length: 12 }, () => Math.floor(random() * 256));
      const label = (f: (x: number) => number) => ({ data: data.map((x) => f(x / 255)), shape });
      const labels = new Map([
        ['depth', label((x) => x - 0.5)],
        ['edges', label((x) => -x)],
      ]);
      return change({ key, input: { form: 'tensor', data, shape }, labels });
    },
  };
}
