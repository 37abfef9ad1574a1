// `npm run bench:training`: one training step of networks of the lab beside PyTorch's, in turns. With `--cpu` and one thread each,
// times are of the core, not of the clock: those of a machine that others use too.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { networkOf } from '../../src/lab/networks/network-of.js';
import { namedResults, ourStep, type TrainingCase, trainingCase, writeCase } from '../../test/support/training-step.js';
import { type Stepper, startStepper } from '../peers/stepper.js';
import { median, timed } from '../statistics.js';

const { values } = parseArgs({
  options: {
    python: { type: 'string', default: 'python3' },
    threads: { type: 'string', default: '2' },
    cpu: { type: 'boolean' },
    rounds: { type: 'string', default: '15' },
    network: { type: 'string', multiple: true },
  },
});
const threads = Number(values.threads);
const STREET_TASKS = ['segmentation', 'depth', 'reconstruction'];

interface Bench {
  readonly architecture: string;
  readonly tasks: readonly string[];
  readonly decoders: 'shared' | 'separate';
  readonly size: readonly [number, number];
  readonly batchSize: number;
}

const BENCHES: readonly Bench[] = [
  { architecture: 'drn-d-22-small', tasks: STREET_TASKS, decoders: 'shared', size: [64, 128], batchSize: 8 },
  { architecture: 'drn-d-22-small', tasks: STREET_TASKS, decoders: 'separate', size: [64, 128], batchSize: 8 },
  { architecture: 'street', tasks: STREET_TASKS, decoders: 'separate', size: [64, 128], batchSize: 8 },
  {
    architecture: 'resnet18-taskonomy-small',
    tasks: ['segmentation', 'depth-zbuffer', 'reconstruction'],
    decoders: 'separate',
    size: [64, 64],
    batchSize: 8,
  },
  { architecture: 'drn-d-22', tasks: STREET_TASKS, decoders: 'shared', size: [256, 256], batchSize: 1 },
];

const [cpu] = cpus();
process.stdout.write(
  `${cpu?.model ?? 'unknown'}, ${threads} threads each; milliseconds ${values.cpu ? 'of the core ' : ''}of a step, fastest and median\n`,
);
process.stdout.write(
  '| network | decoders | batch | ours | PyTorch | ratio of fastest | of medians | error |\n|---|---|---:|---:|---:|---:|---:|---:|\n',
);
for (const bench of BENCHES) {
  if (values.network !== undefined && !values.network.includes(bench.architecture)) continue;
  process.stdout.write(`${await line(bench)}\n`);
}

async function line({ architecture, tasks, decoders, size, batchSize }: Bench): Promise<string> {
  const network = networkOf({ architecture, tasks, decoders, seed: 1 });
  const training = await trainingCase(network, { size, batchSize, batchNorm: 'batch', threads });
  const folder = await mkdtemp(join(tmpdir(), 'robustgate-training-'));
  const script = join(import.meta.dirname, '../../../bench/training/torch_step.py');
  const torch = startStepper(values.python, [script, '--threads', values.threads], {
    OMP_NUM_THREADS: values.threads,
    OPENBLAS_NUM_THREADS: values.threads,
  });
  try {
    await writeCase(folder, training);
    await torch.ask({ do: 'load', folder, batch: batchSize });
    const error = await errorOf(training, torch, join(folder, 'gradient.bin'));
    const { ours, theirs } = await timings(training, torch);
    const [fastest, middle] = [Math.min(...ours) / Math.min(...theirs), median(ours) / median(theirs)];
    const pair = (list: readonly number[]): string => `${Math.min(...list).toFixed(0)} / ${median(list).toFixed(0)}`;
    return `| ${architecture} | ${decoders} | ${batchSize} | ${pair(ours)} | ${pair(theirs)} | ${fastest.toFixed(2)} | ${middle.toFixed(2)} | ${error.toExponential(0)} |`;
  } finally {
    await torch.close();
    await rm(folder, { recursive: true });
  }
}

/** Turn and turn about: a machine that others slow down slows both. */
async function timings(
  { trainable, request, input }: TrainingCase,
  torch: Stepper,
): Promise<{ ours: readonly number[]; theirs: readonly number[] }> {
  const program = await trainable.trainingProgram(request);
  const [ours, theirs]: [number[], number[]] = [[], []];
  try {
    await program.run(input);
    for (let round = 0; round < Number(values.rounds); round++) {
      const before = process.cpuUsage();
      const ms = await timed(() => program.run(input));
      const { user, system } = process.cpuUsage(before);
      const { ms: torchMs = Number.NaN, cpuMs = Number.NaN } = await torch.ask({ do: 'steps', count: 1 });
      ours.push(values.cpu ? (user + system) / 1000 : ms);
      theirs.push(values.cpu ? cpuMs : torchMs);
    }
  } finally {
    await program.dispose();
  }
  return { ours, theirs };
}

/** ‖ours − theirs‖ / ‖theirs‖ over all gradients: what is timed must be the same. */
async function errorOf(training: TrainingCase, torch: Stepper, file: string): Promise<number> {
  await torch.ask({ do: 'gradient', file });
  const expected = namedResults(await readFile(file), training);
  const actual = await ourStep(training);
  let [difference, size] = [0, 0];
  for (const [name, numbers] of expected) {
    const own = actual.get(name);
    for (const [i, value] of numbers.entries()) {
      difference += ((own?.[i] ?? Number.NaN) - value) ** 2;
      size += value ** 2;
    }
  }
  return Math.sqrt(difference / size);
}
