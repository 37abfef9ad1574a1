import { type Client, connect, TerminatedBy } from '../../src/clients/index.js';
import { parseGatewayConfig, startGateway } from '../../src/server/index.js';
import { median, quantile } from '../statistics.js';
import type { BenchNetwork } from './networks.js';

/** What a client on the same machine sees of a gateway with its usual configuration, in milliseconds. */
export interface ServedTimes {
  /** A whole attack: the median of all that were made. */
  readonly attack: number;
  readonly predictAlone: Latency;
  readonly predictUnderAttack: Latency;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export interface ServedOptions {
  /** Of the attack whose time is told. */
  readonly steps: number;
  readonly attacks: number;
  readonly predictions: number;
}

/** Steps of the attack that predictions run beside; it begins anew until they have ended. */
const BESIDE_STEPS = 100;

export async function servedTimes(bench: BenchNetwork, options: ServedOptions): Promise<ServedTimes> {
  const config = parseGatewayConfig({
    modelRepository: bench.repository,
    grpcAddress: '127.0.0.1:0',
    adminAddress: '127.0.0.1:0',
  });
  const quiet = () => undefined;
  const gateway = await startGateway(config, {
    log: { debug: quiet, info: quiet, warn: console.warn, error: console.error },
  });
  const client = connect(gateway.grpcAddress);
  try {
    await whenReady(client, bench);
    await attack(client, bench, 1); // the program is compiled once
    const attacks: number[] = [];
    for (let i = 0; i < options.attacks; i++) attacks.push(await timed(() => attack(client, bench, options.steps)));
    const predictAlone = await latency(client, bench, options.predictions);
    const predictUnderAttack = await beside(
      () => attack(client, bench, BESIDE_STEPS),
      () => latency(client, bench, options.predictions),
    );
    return { attack: median(attacks), predictAlone, predictUnderAttack };
  } finally {
    client.close();
    await gateway.close();
  }
}

async function attack(client: Client, { name, tasks, example }: BenchNetwork, steps: number): Promise<void> {
  const request = {
    modelName: name,
    examples: [example],
    attack: { name: 'pgd', steps },
    objective: { tasks: tasks.map((task) => ({ task })) },
    progressEverySteps: 10,
  };
  for await (const event of client.attack(request)) {
    if (event.$case !== 'summary') continue;
    if (event.value.terminatedBy !== TerminatedBy.COMPLETED) throw new Error('expected the attack to be completed');
  }
}

const predict = (client: Client, { name, example }: BenchNetwork) =>
  client.predict({ modelName: name, examples: [{ ...example, labels: {} }] });

/** Of predictions that come one after another. */
async function latency(client: Client, bench: BenchNetwork, count: number): Promise<Latency> {
  const millis: number[] = [];
  for (let i = -5; i < count; i++) {
    const duration = await timed(() => predict(client, bench));
    if (i >= 0) millis.push(duration);
  }
  return { p50: median(millis), p99: quantile(millis, 0.99) };
}

/** Does one thing again and again while the other is done once. */
async function beside<T>(again: () => Promise<void>, once: () => Promise<T>): Promise<T> {
  let isOver = false;
  const repeating = (async () => {
    while (!isOver) await again();
  })();
  try {
    return await once();
  } finally {
    isOver = true;
    await repeating;
  }
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

async function whenReady(client: Client, bench: BenchNetwork): Promise<void> {
  for (let left = 600; ; left--) {
    try {
      await predict(client, bench);
      return;
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
