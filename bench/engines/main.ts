// `npm run bench:engines`: predictions and gradient steps of the same networks on ONNX Runtime and on TF.js.
import { loadNetwork } from '../../src/engine/models/load-network.js';
import type { Network } from '../../src/engine/models/network.js';
import type { TfjsBackend } from '../../src/engine/models/providers.js';
import { keyedRandom } from '../../src/engine/tensor/random.js';
import { sizeOf, withoutAxes } from '../../src/engine/tensor/shape.js';
import { usableCores } from '../../src/host/index.js';
import { timed } from '../statistics.js';
import { residual, street, type Twins } from './networks.js';

/** JavaScript alone takes seconds for what the others do in milliseconds: fewer rounds are enough to see it. */
const ROUNDS: Readonly<Record<string, number>> = { onnx: 20, wasm: 20, cpu: 2 };
const BACKENDS: readonly TfjsBackend[] = ['wasm', 'cpu'];

interface Contestant {
  readonly name: string;
  readonly network: Network;
  readonly predict: () => Promise<unknown>;
  readonly step: () => Promise<unknown>;
  readonly times: { readonly predict: number[]; readonly step: number[] };
}

process.stdout.write(
  '| network | engine | Predict ms | ÷ ONNX Runtime | step ms | ÷ ONNX Runtime |\n|---|---|---:|---:|---:|---:|\n',
);
for (const twins of [await street(), residual()]) process.stdout.write(await tableOf(twins));

/** The engines take turns, so that what slows the machine slows all. */
async function tableOf({ name, onnx, tfjs }: Twins): Promise<string> {
  const contestants = [await contestant('onnx', onnx)];
  for (const backend of BACKENDS)
    contestants.push(await contestant(backend, { ...tfjs, configText: `backends: [${backend}]\n${tfjs.configText}` }));
  for (const { predict, step } of contestants) {
    await predict();
    await step();
  }
  for (let round = 0; round < Math.max(...Object.values(ROUNDS)); round++) {
    for (const each of contestants) {
      if (round >= (ROUNDS[each.name] ?? 0)) continue;
      each.times.predict.push(await timed(each.predict));
      each.times.step.push(await timed(each.step));
    }
  }
  for (const { network } of contestants) await network.dispose();
  const [reference] = contestants as [Contestant];
  const rows = contestants.map(({ name: engine, times }) => {
    const cells = (['predict', 'step'] as const).flatMap((part) => {
      // The fastest round is the one that others on the machine disturbed least.
      const time = Math.min(...times[part]);
      const ratio = time / Math.min(...reference.times[part]);
      return [time.toFixed(time < 100 ? 1 : 0), engine === 'onnx' ? '' : ratio.toFixed(1)];
    });
    return `| ${name} | ${engine === 'onnx' ? 'onnx' : `tfjs, ${engine}`} | ${cells.join(' | ')} |\n`;
  });
  return rows.join('');
}

async function contestant(name: string, source: Twins['onnx']): Promise<Contestant> {
  const runtime = { threads: usableCores(), allowSpinning: true };
  const network = await loadNetwork(source, { role: 'attack', runtime, memoryBudgetBytes: 2 ** 32 });
  const { tasks, input } = network.info;
  const random = keyedRandom('start', 1, 'pixels', 0);
  const pixels = {
    data: new Float32Array(sizeOf(input.shape)).map(() => 255 * random()),
    shape: [1, ...input.shape],
  };
  const { outputShapes } = await network.plan(input.shape);
  const sizes = tasks.map((task): [string, number] => {
    const shape = outputShapes.get(task.name) ?? [];
    return [task.name, sizeOf(task.labelForm === 'numbers' ? shape : withoutAxes(shape, [task.classAxis]))];
  });
  const program = await network.program({
    tasks: tasks.map(({ name: task, loss }) => ({ task, loss })),
    inputShape: input.shape,
    batchSize: 1,
  });
  const step = () =>
    program.run({
      pixels,
      extraInputs: new Map(),
      weights: new Float32Array(tasks.length).fill(1),
      isBalanced: false,
      labels: new Map(sizes.map(([task, size]) => [task, new Float32Array(size).fill(1)])),
      valid: new Map(sizes.map(([task, size]) => [task, new Uint8Array(size).fill(1)])),
    });
  return { name, network, predict: () => network.predict(pixels, new Map()), step, times: { predict: [], step: [] } };
}
