// `npm run bench`: what serving costs, beside the same network with nothing around it.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { usableCores } from '../../src/host/index.js';
import { median, timed } from '../statistics.js';
import { bareNetwork } from './bare-network.js';
import { type BenchNetwork, drnNetwork, streetNetwork } from './networks.js';
import { type Latency, type ServedNetwork, servedNetwork } from './served-network.js';

const DRN_SIDE = 256;
const STEPS = 50;
/** Steps of the attack that predictions run beside; it begins anew until they have ended. */
const BESIDE_STEPS = 100;

interface Counts {
  /** Each: as many bare steps as an attack has, and then that attack. */
  readonly rounds: number;
  readonly predictions: number;
}

/** Milliseconds; medians of all rounds. */
interface Facts {
  readonly network: string;
  readonly bareForward: number;
  readonly bareStep: number;
  readonly servedAttack: number;
  /** Served attack in units of as many bare steps just before it. */
  readonly ratio: number;
  readonly alone: Latency;
  readonly underAttack: Latency;
}

const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } });
const threads = usableCores();
const folder = await mkdtemp(join(tmpdir(), 'robustgate-bench-'));
try {
  const rows = [
    await measure(await streetNetwork(), [3, 64, 128], { rounds: 20, predictions: 500 }),
    await measure(await drnNetwork(folder, DRN_SIDE), [3, DRN_SIDE, DRN_SIDE], { rounds: 3, predictions: 100 }),
  ];
  process.stdout.write(values.json ? `${JSON.stringify(rows, null, 2)}\n` : table(rows));
} finally {
  await rm(folder, { recursive: true });
}

async function measure(network: BenchNetwork, shape: readonly number[], counts: Counts): Promise<Facts> {
  process.stderr.write(`${network.title} …\n`);
  const { rounds, predictions } = values.quick ? { rounds: 1, predictions: 20 } : counts;
  const bare = await bareNetwork(network, shape, threads);
  const served = await servedNetwork(network);
  try {
    await served.attack(1); // the program is compiled once
    for (let i = 0; i < 3; i++) await bare.step();
    const forwards: number[] = [];
    const steps: number[] = [];
    const attacks: number[] = [];
    // Turn and turn about: a machine that others slow down slows both.
    for (let i = 0; i < rounds; i++) {
      forwards.push(await timed(bare.forward));
      steps.push(await timed(() => times(STEPS, bare.step)));
      attacks.push(await timed(() => served.attack(STEPS)));
    }
    return {
      network: network.title,
      bareForward: median(forwards),
      bareStep: median(steps) / STEPS,
      servedAttack: median(attacks),
      ratio: median(attacks.map((attack, i) => attack / (steps[i] as number))),
      alone: await served.latency(predictions),
      underAttack: await underAttack(served, predictions),
    };
  } finally {
    await served.close();
    await bare.dispose();
  }
}

async function times(count: number, action: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < count; i++) await action();
}

async function underAttack(served: ServedNetwork, predictions: number): Promise<Latency> {
  let isOver = false;
  const attacking = (async () => {
    while (!isOver) await served.attack(BESIDE_STEPS);
  })();
  try {
    return await served.latency(predictions);
  } finally {
    isOver = true;
    await attacking;
  }
}

function table(rows: readonly Facts[]): string {
  const ms = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
  const latency = ({ p50, p99 }: Latency): string => `${ms(p50)} / ${ms(p99)}`;
  const lines = rows.map(({ network, bareForward, bareStep, servedAttack, ratio, alone, underAttack }) => {
    const times = [ms(bareForward), ms(bareStep), ms(servedAttack), ratio.toFixed(2)];
    const cells = [network, ...times, latency(alone), latency(underAttack), ms(underAttack.p99 - alone.p99)];
    return `| ${cells.join(' | ')} |\n`;
  });
  const [cpu] = cpus();
  return `${cpu?.model ?? 'unknown CPU'}, ${threads} threads, Node ${process.versions.node}. Milliseconds.

| Network | bare forward | bare step | served PGD-${STEPS} | ÷ ${STEPS} bare steps | Predict alone p50 / p99 | under PGD-${BESIDE_STEPS} p50 / p99 | p99 added |
|---|---:|---:|---:|---:|---:|---:|---:|
${lines.join('')}`;
}
