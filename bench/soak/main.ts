// `npm run soak`: hours of a storm of calls, cancels and killed hosts, and what is left of it afterwards.
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type ChaosReport, chaos } from '../../test/support/chaos.js';
import { startServed } from '../load/served.js';
import { streetNetwork } from '../serving/networks.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    calls: { type: 'string', default: '400' },
    kills: { type: 'string', default: '5' },
    seed: { type: 'string', default: '1' },
  },
});
const [rounds, calls, kills, seed] = [values.rounds, values.calls, values.kills, values.seed].map(Number) as [
  number,
  number,
  number,
  number,
];

/** What is held after a round, when nothing goes on. */
interface Held {
  readonly gatewayMib: number;
  readonly serveMib: number;
  readonly attackMib: number;
  readonly handles: number;
}

const bench = await streetNetwork();
const served = await startServed(bench.repository);
const reports: ChaosReport[] = [];
const held: Held[] = [];
try {
  process.stdout.write(
    '| round | calls | failed | kills | cancels | wrong | gateway MiB | serve MiB | attack MiB | handles |\n',
  );
  process.stdout.write('|---:|---:|---|---:|---:|---:|---:|---:|---:|---:|\n');
  for (let round = 1; round <= rounds; round++) {
    const report = await chaos({
      address: served.address,
      model: bench.name,
      example: bench.example,
      seed: seed + round,
      calls,
      concurrency: 8,
      hostPids: () => Object.values(served.gateway.hostPids()),
      callsPerKill: kills === 0 ? Infinity : Math.ceil(calls / kills),
    });
    await served.whenIdle();
    await settle();
    reports.push(report);
    held.push(await holding());
    process.stdout.write(row(round, report, held.at(-1) as Held));
    for (const problem of report.wrong) process.stdout.write(`wrong: ${problem}\n`);
  }
} finally {
  await served.close();
}
const first = held[Math.floor(held.length / 4)];
const last = held.at(-1);
if (first !== undefined && last !== undefined) {
  const grown = last.gatewayMib - first.gatewayMib;
  const wrong = reports.reduce((sum, report) => sum + report.wrong.length, 0);
  const total = (count: (report: ChaosReport) => number): number =>
    reports.reduce((sum, report) => sum + count(report), 0);
  process.stdout.write(
    `\n${rounds * calls} calls, ${total(({ kills: n }) => n)} kills, ${total(({ cancels: n }) => n)} cancels: ${wrong} wrong answers; ` +
      `gateway ${grown >= 0 ? '+' : ''}${grown.toFixed(1)} MiB and ${last.handles - first.handles} handles since a quarter of the way.\n`,
  );
  process.exitCode = wrong > 0 || grown > 0.2 * first.gatewayMib + 20 ? 1 : 0;
}

/** Hosts that were killed come back, and garbage goes. */
async function settle(): Promise<void> {
  for (let left = 100; left > 0; left--) {
    const pids = served.gateway.hostPids();
    if (pids.serve !== undefined && pids.attack !== undefined) break;
    await pause(100);
  }
  await pause(500);
  globalThis.gc?.();
}

async function holding(): Promise<Held> {
  const { serve, attack } = served.gateway.hostPids();
  return {
    gatewayMib: process.memoryUsage().rss / 2 ** 20,
    serveMib: await residentMib(serve),
    attackMib: await residentMib(attack),
    handles: process.getActiveResourcesInfo().filter((name) => name !== 'Timeout').length,
  };
}

async function residentMib(pid: number | undefined): Promise<number> {
  const text = pid === undefined ? '' : await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/VmRSS:\s+(\d+) kB/.exec(text)?.[1] ?? Number.NaN) / 1024;
}

function row(round: number, report: ChaosReport, { gatewayMib, serveMib, attackMib, handles }: Held): string {
  const failed = Object.entries(report.failed)
    .map(([code, count]) => `${code} ${count}`)
    .join(', ');
  const mib = (value: number): string => value.toFixed(0);
  const counts = [round, calls, failed || 'none', report.kills, report.cancels, report.wrong.length];
  return `| ${[...counts, mib(gatewayMib), mib(serveMib), mib(attackMib), handles].join(' | ')} |\n`;
}
