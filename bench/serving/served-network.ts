import { type Client, connect, TerminatedBy } from '../../src/clients/index.js';
import { parseGatewayConfig, startGateway } from '../../src/server/index.js';
import { median, quantile, timed } from '../statistics.js';
import type { BenchNetwork } from './networks.js';

/** A network behind a gateway with its usual configuration, as a client on the same machine sees it. */
export interface ServedNetwork {
  /** One whole attack. */
  attack(steps: number): Promise<void>;
  /** Of predictions that come one after another, in milliseconds. */
  latency(count: number): Promise<Latency>;
  /** The same of so many callers, each of whom asks again once he has his answer. */
  concurrent(callers: number, count: number): Promise<Latency & { readonly perSecond: number }>;
  close(): Promise<void>;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

/** @param maxBatch most examples of different callers that share a native call. Default: the gateway's own */
export async function servedNetwork(bench: BenchNetwork, maxBatch?: number): Promise<ServedNetwork> {
  const config = parseGatewayConfig({
    modelRepository: bench.repository,
    grpcAddress: '127.0.0.1:0',
    adminAddress: '127.0.0.1:0',
    ...(maxBatch !== undefined && { predictBatching: { maxBatch } }),
  });
  const quiet = () => undefined;
  const log = { debug: quiet, info: quiet, warn: console.warn, error: console.error };
  const gateway = await startGateway(config, { log });
  const client = connect(gateway.grpcAddress);
  await whenReady(client, bench);
  return {
    attack: (steps) => attack(client, bench, steps),
    latency: (count) => latency(client, bench, count),
    async concurrent(callers, count) {
      const millis: number[] = [];
      const seconds = await timed(async () => {
        const caller = async (): Promise<void> => {
          while (millis.length < count) millis.push(await timed(() => predict(client, bench)));
        };
        await Promise.all(Array.from({ length: callers }, caller));
      });
      return { p50: median(millis), p99: quantile(millis, 0.99), perSecond: (1000 * millis.length) / seconds };
    },
    async close() {
      client.close();
      await gateway.close();
    },
  };
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

async function latency(client: Client, bench: BenchNetwork, count: number): Promise<Latency> {
  const millis: number[] = [];
  for (let i = -5; i < count; i++) {
    const duration = await timed(() => predict(client, bench));
    if (i >= 0) millis.push(duration);
  }
  return { p50: median(millis), p99: quantile(millis, 0.99) };
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
