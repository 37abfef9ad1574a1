// `npm run bench:load`: what the gateway promises under load, measured with an open loop on the demo model.
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect, type RobustgateError } from '../../src/clients/index.js';
import { streetNetwork } from '../serving/networks.js';
import { median, quantile, timed } from '../statistics.js';
import { type LoadReport, openLoop } from './open-loop.js';
import { startServed } from './served.js';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '10' },
    seconds: { type: 'string', default: '20' },
    cancels: { type: 'string', default: '50' },
    json: { type: 'boolean' },
  },
});
const [perSecond, seconds, cancels] = [Number(values.rate), Number(values.seconds), Number(values.cancels)];

const bench = await streetNetwork();
const served = await startServed(bench.repository);
try {
  const client = connect(served.address);
  const request = { modelName: bench.name, examples: [{ ...bench.example, labels: {} }] };
  const predict = () => client.predict(request);
  await untilItWorks(predict);
  const attack = {
    modelName: bench.name,
    examples: [bench.example],
    attack: { name: 'pgd', steps: 100 },
    objective: { tasks: bench.tasks.map((task) => ({ task })) },
  };
  for await (const _ of client.attack({ ...attack, attack: { name: 'pgd', steps: 1 } }));

  const idle = await openLoop({ perSecond, seconds, call: predict });
  const stop = new AbortController();
  const attacking = keepAttacking(stop.signal);
  const beside = await openLoop({ perSecond, seconds, call: predict });
  stop.abort();
  await attacking;
  // Ten times what the attack lane can do: the queue holds some, the rest must be refused at once.
  const capacity = await attacksPerSecond();
  const overload = await openLoop({ perSecond: Math.max(1, 10 * capacity), seconds, call: () => drained(10) });
  const cancelMs = await cancelLatencies(cancels);
  client.close();
  const report = { idle, beside, overload, cancelP50: quantile(cancelMs, 0.5), cancelP99: quantile(cancelMs, 0.99) };
  process.stdout.write(values.json ? `${JSON.stringify(report, plain, 2)}\n` : table(report));

  async function keepAttacking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const _ of client.attack(attack, { signal }));
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  async function drained(steps: number): Promise<void> {
    for await (const _ of client.attack({ ...attack, attack: { name: 'pgd', steps } }));
  }

  async function attacksPerSecond(): Promise<number> {
    const startMs = performance.now();
    for (let i = 0; i < 5; i++) await drained(10);
    return 5000 / (performance.now() - startMs);
  }

  /** How much longer a one-step attack takes right after the cancel of another than on an idle lane. */
  async function cancelLatencies(count: number): Promise<readonly number[]> {
    const idleMs: number[] = [];
    for (let i = 0; i < count; i++) idleMs.push(await timed(() => drained(1)));
    const usual = median(idleMs);
    const latencies: number[] = [];
    for (let i = 0; i < count; i++) {
      await cancelAfterSteps(2);
      latencies.push((await timed(() => drained(1))) - usual);
    }
    return latencies;
  }

  async function cancelAfterSteps(steps: number): Promise<void> {
    const controller = new AbortController();
    const endless = { ...attack, attack: { name: 'pgd', steps: 10_000 } };
    try {
      for await (const event of client.attack(endless, { signal: controller.signal })) {
        if (event.$case === 'progress' && event.value.step >= steps) controller.abort();
      }
    } catch (error) {
      if ((error as RobustgateError).code !== 'CANCELLED') throw error;
    }
  }
} finally {
  await served.close();
}

async function untilItWorks(call: () => Promise<unknown>): Promise<void> {
  for (let left = 200; ; left--) {
    try {
      await call();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await pause(100);
    }
  }
}

function plain(_: string, value: unknown): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

interface Report {
  readonly idle: LoadReport;
  readonly beside: LoadReport;
  readonly overload: LoadReport;
  readonly cancelP50: number;
  readonly cancelP99: number;
}

function table({ idle, beside, overload, cancelP50, cancelP99 }: Report): string {
  const ms = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(1));
  const row = (title: string, load: LoadReport): string => {
    const failures = [...load.failed].map(([code, count]) => `${code} ${count}`).join(', ') || 'none';
    return `| ${title} | ${load.sent} | ${load.succeeded} | ${failures} | ${ms(load.p50)} | ${ms(load.p99)} | ${ms(load.p999)} | ${ms(load.failedP99)} |`;
  };
  return [
    '| load | sent | succeeded | refused | p50 ms | p99 ms | p99.9 ms | refusal p99 ms |',
    '|---|---:|---:|---|---:|---:|---:|---:|',
    row(`Predict alone, ${perSecond}/s`, idle),
    row(`Predict under PGD-100, ${perSecond}/s`, beside),
    row('PGD-10 at 10 × what the lane can do', overload),
    '',
    `A one-step attack right after a cancel, longer than on an idle lane by: p50 ${ms(cancelP50)} ms, p99 ${ms(cancelP99)} ms (${cancels} cancels).`,
    '',
  ].join('\n');
}
