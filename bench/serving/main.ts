// `npm run bench`: what serving costs, beside the same network with nothing around it.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { usableCores } from '../../src/host/index.js';
import { type BareTimes, bareTimes } from './bare-steps.js';
import { type BenchNetwork, drnNetwork, streetNetwork } from './networks.js';
import { type ServedTimes, servedTimes } from './served-times.js';

const DRN_SIDE = 256;
const STEPS = 50;

interface Row {
  readonly network: BenchNetwork;
  readonly bare: BareTimes;
  readonly served: ServedTimes;
}

const { values } = parseArgs({ options: { json: { type: 'boolean' }, quick: { type: 'boolean' } } });
const folder = await mkdtemp(join(tmpdir(), 'robustgate-bench-'));
try {
  const threads = usableCores();
  const street = await measure(await streetNetwork(), [3, 64, 128], { runs: 100, attacks: 5, predictions: 400 });
  const drn = await measure(await drnNetwork(folder, DRN_SIDE), [3, DRN_SIDE, DRN_SIDE], {
    runs: 10,
    attacks: 2,
    predictions: 100,
  });
  const rows = [street, drn];
  process.stdout.write(values.json ? `${JSON.stringify(rows.map(facts), null, 2)}\n` : table(rows, threads));
} finally {
  await rm(folder, { recursive: true });
}

async function measure(
  network: BenchNetwork,
  shape: readonly number[],
  counts: { readonly runs: number; readonly attacks: number; readonly predictions: number },
): Promise<Row> {
  const share = values.quick ? 0.1 : 1;
  const [runs, attacks, predictions] = [counts.runs, counts.attacks, counts.predictions].map((count) =>
    Math.max(1, Math.round(share * count)),
  ) as [number, number, number];
  process.stderr.write(`${network.title}: bare …`);
  const bare = await bareTimes(network, shape, { threads: usableCores(), runs });
  process.stderr.write(' served …');
  const served = await servedTimes(network, { steps: STEPS, attacks, predictions });
  process.stderr.write(' done\n');
  return { network, bare, served };
}

function facts({ network, bare, served }: Row) {
  return { network: network.title, bareMs: bare, servedMs: served, attackRatio: ratio({ bare, served }) };
}

/** Served time of an attack, in units of as many bare steps. */
function ratio({ bare, served }: Pick<Row, 'bare' | 'served'>): number {
  return served.attack / (STEPS * bare.step);
}

function table(rows: readonly Row[], threads: number): string {
  const ms = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
  const lines = rows.map(({ network, bare, served }) => {
    const { predictAlone: alone, predictUnderAttack: under } = served;
    const cells = [
      network.title,
      ms(bare.forward),
      ms(bare.step),
      ms(served.attack),
      ratio({ bare, served }).toFixed(2),
      `${ms(alone.p50)} / ${ms(alone.p99)}`,
      `${ms(under.p50)} / ${ms(under.p99)}`,
      ms(under.p99 - alone.p99),
    ];
    return `| ${cells.join(' | ')} |\n`;
  });
  const [cpu] = cpus();
  return `${cpu?.model ?? 'unknown CPU'}, ${threads} threads, Node ${process.versions.node}. Milliseconds.

| Network | bare forward | bare step | served PGD-${STEPS} | ÷ ${STEPS} bare steps | Predict alone p50 / p99 | under PGD-100 p50 / p99 | p99 added |
|---|---:|---:|---:|---:|---:|---:|---:|
${lines.join('')}`;
}
