import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import test from 'ava';
import { loadNetwork } from '../../../src/engine/models/load-network.js';
import { encodeModel } from '../../../src/engine/onnx/encode-model.js';
import type { ModelDef, TensorValue } from '../../../src/engine/onnx/graph.js';
import { float32Tensor } from '../../../src/engine/onnx/tensor-value.js';
import { type Shape, sizeOf } from '../../../src/engine/tensor/shape.js';
import type { NetworkSpec } from '../../../src/lab/networks/lab-network.js';
import { networkOf } from '../../../src/lab/networks/network-of.js';
import { root } from '../../support/street.js';

/** What reference.py writes of a network. */
interface Reference {
  readonly architecture: string;
  readonly decoders: NetworkSpec['decoders'];
  readonly size: readonly [height: number, width: number];
  readonly parameters: number;
  readonly outputs: Readonly<Record<string, { shape: Shape; norm: number; samples: readonly number[] }>>;
}

const references: readonly Reference[] = JSON.parse(
  readFileSync(resolve(root, 'test/fixtures/networks/reference.json'), 'utf8'),
);

/** Numbers from [0, 1) as reference.py draws them. */
function hashed(name: string, count: number): Float64Array {
  const start = crc32(name);
  return Float64Array.from({ length: count }, (_, i) => {
    let x = (Math.imul(i, 2_654_435_761) + start) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    return ((x ^ (x >>> 16)) >>> 8) / 2 ** 24;
  });
}

function filled(name: string, shape: Shape): TensorValue {
  const isKernel = shape.length === 4;
  const limit = isKernel ? Math.sqrt(6 / sizeOf(shape.slice(1))) : 0.2;
  const isPositive = !isKernel && /(running_var|weight)$/.test(name);
  const values = hashed(name, sizeOf(shape)).map((u) => (isPositive ? 0.25 + 0.5 * u : limit * (2 * u - 1)));
  return float32Tensor(Float32Array.from(values), shape);
}

/** Weights that no formula fills: the upsampling, and the factors of resizing. */
const isFixed = (name: string): boolean => /\.up\.weight$|^scales_/.test(name);

function withFormula(model: ModelDef): ModelDef {
  const initializers = new Map(
    [...model.graph.initializers].map(([name, tensor]) => [name, isFixed(name) ? tensor : filled(name, tensor.shape)]),
  );
  return { ...model, graph: { ...model.graph, initializers } };
}

for (const { architecture, decoders, size, parameters, outputs } of references) {
  test.serial(`${architecture} with ${decoders} decoders computes what a network of PyTorch does`, async (t) => {
    const made = networkOf({ architecture, tasks: Object.keys(outputs), decoders, seed: 0 });
    const model = withFormula(made.model);
    const trained = [...model.graph.initializers].filter(([name]) => !isFixed(name) && !/running_/.test(name));
    t.is(
      trained.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0),
      parameters,
    );
    const { file, externalTensors } = encodeModel(model);
    const network = await loadNetwork(
      { name: 'made', version: '1', configText: made.configText, file, externalFiles: externalTensors, sha256: '' },
      { role: 'serve', runtime: { threads: 2, allowSpinning: false }, memoryBudgetBytes: 2 ** 32 },
    );
    t.teardown(() => network.dispose());
    const shape = [1, 3, ...size];
    const pixels = Float32Array.from(hashed('pixels', sizeOf(shape)), (u) => 255 * u);
    const computed = await network.predict({ data: pixels, shape }, new Map());
    for (const [task, expected] of Object.entries(outputs)) {
      const { data, shape: actual } = computed.get(task) ?? { data: new Float32Array(), shape: [] };
      t.deepEqual(actual, expected.shape);
      const norm = Math.sqrt(data.reduce((sum, value) => sum + value * value, 0));
      t.true(Math.abs(norm / expected.norm - 1) < 1e-5, `the norm of ${task} is ${norm}, not ${expected.norm}`);
      const scale = expected.norm / Math.sqrt(data.length);
      const draws = hashed(`samples of ${task}`, expected.samples.length);
      const distances = expected.samples.map((sample, k) => {
        const value = data[Math.floor((draws[k] as number) * data.length)] as number;
        return Math.abs(value - sample) / scale;
      });
      const worst = Math.max(...distances);
      t.true(worst < 1e-5, `a sample of ${task} is off by ${worst} of its size`);
    }
  });
}
