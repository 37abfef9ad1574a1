// PGD by our engine, for commands: one line of JSON in, one line of JSON out, as of torch_step.py but for `library` and `rounding`.
import { existsSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { GradientSource } from '../../src/engine/attacks/attack.js';
import { attackDefaults } from '../../src/engine/attacks/defaults.js';
import { findAttack } from '../../src/engine/attacks/methods/index.js';
import { loadNetwork } from '../../src/engine/models/load-network.js';
import type { GradientProgram, Network } from '../../src/engine/models/network.js';
import { loadOrt } from '../../src/engine/models/onnx/ort.js';
import { readModelFile } from '../../src/engine/models/read-model-source.js';
import { decodeNpy, encodeNpy } from '../../src/engine/tensor/npy.js';
import type { Tensor } from '../../src/engine/tensor/tensor.js';
import { timed } from '../statistics.js';
import type { Answer, Command } from './stepper.js';

/** Comes to what torch_step.py does: from the clean image, with radius 4 and step 1. */
const PARAMETERS = { ...attackDefaults, epsilon: 4, stepSize: 1, randomStart: 'none' } as const;

/** A loaded network with a batch of clean levels and the program of all its tasks with their labels. */
interface Attacked {
  readonly network: Network;
  readonly clean: Tensor;
  readonly source: GradientSource;
}

const { values } = parseArgs({ options: { threads: { type: 'string', default: '1' } } });
const runtime = { threads: Number(values.threads), allowSpinning: true };
let attacked: Attacked | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const reply = await answer(JSON.parse(line) as Command).catch((error: Error): Answer => ({ error: error.message }));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

async function answer(command: Command): Promise<Answer> {
  switch (command.do) {
    case 'load': {
      const ms = await timed(async () => {
        attacked = await load(command.folder, command.batch);
      });
      const ort = await loadOrt();
      return { ms, versions: { Node: process.versions.node, 'ONNX Runtime': ort.env.versions.node ?? 'unknown' } };
    }
    case 'gradient': {
      const { source, clean } = loaded();
      const { gradient } = await source.evaluate(clean, new AbortController().signal);
      await writeFile(command.file, encodeNpy(gradient));
      return {};
    }
    case 'steps':
      return { ms: await timed(() => attack(loaded(), command.count)) };
    case 'forward': {
      const { network, clean } = loaded();
      return {
        ms: await timed(async () => {
          for (let i = 0; i < command.count; i++) await network.predict(clean, new Map());
        }),
      };
    }
    case 'memory':
      return { peakBytes: peakBytes() };
    case 'library':
    case 'rounding':
      throw new Error(`expected a command of ours, got ${command.do}`);
  }
}

function loaded(): Attacked {
  if (attacked === undefined) throw new Error('expected load first');
  return attacked;
}

async function load(folder: string, batch: number): Promise<Attacked> {
  const own = join(folder, `model-b${batch}.onnx`);
  const model = await readModelFile(existsSync(own) ? own : join(folder, 'model.onnx'));
  const configText = await readFile(join(folder, 'model.yaml'), 'utf8');
  const source = { name: 'peer', version: '1', configText, ...model };
  const network = await loadNetwork(source, { role: 'attack', runtime, memoryBudgetBytes: Number.POSITIVE_INFINITY });
  const clean = await firstOf(join(folder, 'pixels.npy'), batch);
  const { tasks } = network.info;
  const program = await network.program({
    tasks: tasks.map(({ name, loss }) => ({ task: name, loss })),
    inputShape: clean.shape.slice(1),
    batchSize: batch,
  });
  const labels = new Map<string, Float32Array>();
  for (const { name } of tasks) labels.set(name, (await firstOf(join(folder, `${name}.npy`), batch)).data);
  return { network, clean, source: sourceOf(program, labels, tasks.length * batch) };
}

/** The sum of all losses of all examples. */
function sourceOf(program: GradientProgram, labels: ReadonlyMap<string, Float32Array>, losses: number): GradientSource {
  const weights = new Float32Array(losses).fill(1);
  const valid = new Map([...labels].map(([task, { length }]) => [task, new Uint8Array(length).fill(1)]));
  return {
    async evaluate(pixels) {
      const output = await program.run({ pixels, extraInputs: new Map(), weights, isBalanced: false, labels, valid });
      return { ...output, objective: output.losses.data };
    },
  };
}

async function attack({ source, clean }: Attacked, steps: number): Promise<void> {
  const keys = Array.from({ length: clean.shape[0] ?? 0 }, (_, n) => `${n}`);
  const parameters = { ...PARAMETERS, steps };
  const { signal } = new AbortController();
  const run = findAttack('pgd').run({ source, clean, keys, seed: 1, restart: 0, parameters, signal });
  for await (const { pixels } of run) if (pixels.shape !== clean.shape) throw new Error('expected pixels of one shape');
}

/** So many examples as float32; they come again where the file has fewer. */
async function firstOf(path: string, count: number): Promise<Tensor> {
  const { data, shape } = decodeNpy(await readFile(path));
  const [stored = 1, ...rest] = shape;
  const size = data.length / stored;
  const result = new Float32Array(count * size);
  for (let i = 0; i < result.length; i++) result[i] = Number(data[i % data.length]);
  return { data: result, shape: [count, ...rest] };
}

/** Of this process alone, in bytes: what getrusage tells begins with the memory of whoever started it. */
function peakBytes(): number {
  const kilobytes = /VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return 1024 * Number(kilobytes);
}
