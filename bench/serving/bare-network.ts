import { join } from 'node:path';
import { loadNetwork } from '../../src/engine/models/load-network.js';
import type { Network } from '../../src/engine/models/network.js';
import { readModelSource } from '../../src/engine/models/read-model-source.js';
import { labelSize } from '../../src/engine/runs/labels.js';
import { type Shape, sizeOf } from '../../src/engine/tensor/shape.js';
import type { Tensor } from '../../src/engine/tensor/tensor.js';
import type { BenchNetwork } from './networks.js';

/** A network with nothing around it, in this process. */
export interface BareNetwork {
  forward(): Promise<unknown>;
  /** Forward and backward, with the losses of all tasks. */
  step(): Promise<unknown>;
  dispose(): Promise<void>;
}

/** @param inputShape without the batch axis */
export async function bareNetwork(bench: BenchNetwork, inputShape: Shape, threads: number): Promise<BareNetwork> {
  const source = await readModelSource(join(bench.repository, bench.name), '1');
  const runtime = { threads, allowSpinning: true };
  const network = await loadNetwork(source, { role: 'attack', runtime, memoryBudgetBytes: 2 ** 33 });
  const pixels = { data: new Float32Array(sizeOf(inputShape)).fill(100), shape: [1, ...inputShape] };
  return {
    forward: () => network.predict(pixels, new Map()),
    step: await stepOf(network, bench, pixels),
    dispose: () => network.dispose(),
  };
}

async function stepOf(
  network: Network,
  { tasks: names }: BenchNetwork,
  pixels: Tensor,
): Promise<() => Promise<unknown>> {
  const outputs = await network.predict(pixels, new Map());
  const tasks = network.info.tasks.filter(({ name }) => names.includes(name));
  const program = await network.program({
    tasks: tasks.map(({ name, loss }) => ({ task: name, loss })),
    inputShape: pixels.shape.slice(1),
    batchSize: 1,
  });
  const sizes = tasks.map((task) => [task.name, labelSize(task, outputs.get(task.name) as Tensor)] as const);
  return () =>
    program.run({
      pixels,
      extraInputs: new Map(),
      weights: new Float32Array(tasks.length).fill(1),
      isBalanced: false,
      labels: new Map(sizes.map(([name, size]) => [name, new Float32Array(size)])),
      valid: new Map(sizes.map(([name, size]) => [name, new Uint8Array(size).fill(1)])),
    });
}
