import { setTimeout as pause } from 'node:timers/promises';
import { AttackField, assembleAttack, type Client, connect, type RobustgateError } from '../../src/clients/index.js';
import type { Example } from '../../src/contract/robustgate/v1/example.js';
import { keyedRandom } from '../../src/engine/tensor/random.js';

/** What a storm of calls is made of. */
export interface ChaosOptions {
  /** Address of the gateway, or of something between. */
  readonly address: string;
  readonly model: string;
  readonly example: Example;
  readonly seed: number;
  /** Calls in all. */
  readonly calls: number;
  /** Calls at a time. */
  readonly concurrency: number;
  /** Process ids of the hosts; one of them is killed now and then. */
  readonly hostPids: () => readonly (number | undefined)[];
  /** Of so many calls, one kills a host. */
  readonly callsPerKill: number;
}

/** What became of the calls. */
export interface ChaosReport {
  /** By what was tried. */
  readonly tried: Readonly<Record<string, number>>;
  /** By code; only those that a caller can act upon are allowed. */
  readonly failed: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly cancels: number;
  /** Calls whose answer was wrong, and how: must be none. */
  readonly wrong: readonly string[];
}

/** Failures that a storm may cause. What else fails is a defect. */
const ALLOWED = [
  'CANCELLED',
  'HOST_UNAVAILABLE',
  'QUEUE_FULL',
  'UNAVAILABLE',
  'DEADLINE_TOO_SHORT',
  'DEADLINE_EXCEEDED',
];

type Counts = Record<string, number>;

/** Makes calls of all kinds at once, cancels and slows down some, kills hosts, and holds every answer against what was asked. */
export async function chaos(options: ChaosOptions): Promise<ChaosReport> {
  const { address, calls, concurrency, seed, hostPids, callsPerKill } = options;
  const random = keyedRandom('start', seed, 'chaos', 0);
  const draw = (below: number): number => Math.floor(random() * below);
  const [tried, failed]: [Counts, Counts] = [{}, {}];
  const wrong: string[] = [];
  let [begun, kills, cancels] = [0, 0, 0];
  const worker = async (): Promise<void> => {
    let client = connect(address);
    while (begun < calls) {
      const index = begun++;
      if (draw(10) === 0) {
        client.close();
        client = connect(address);
      }
      if (index % callsPerKill === callsPerKill - 1) {
        const pids = hostPids().filter((pid) => pid !== undefined);
        const pid = pids[draw(pids.length)];
        if (pid !== undefined && kill(pid)) kills++;
      }
      const name = KINDS[draw(KINDS.length)] as Kind;
      tried[name] = (tried[name] ?? 0) + 1;
      if (name === 'cancel') cancels++;
      try {
        const problem = await ACTIONS[name](client, options, draw);
        if (problem !== undefined) wrong.push(`${name}: ${problem}`);
      } catch (error) {
        const { code, message } = error as RobustgateError;
        failed[code] = (failed[code] ?? 0) + 1;
        if (!ALLOWED.includes(code)) wrong.push(`${name}: ${code}: ${message}`);
        // Whoever is refused waits a little, as a client should.
        await pause(5 + draw(20));
      }
    }
    client.close();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return { tried, failed, kills, cancels, wrong };
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // it was dead already
  }
}

type Action = (client: Client, options: ChaosOptions, draw: (below: number) => number) => Promise<string | undefined>;

const request = ({ model, example }: ChaosOptions, count: number, steps: number) => ({
  modelName: model,
  examples: Array.from({ length: count }, (_, i) => ({ ...example, key: `${i}` })),
  attack: { name: 'pgd', steps },
});

/** Reads a whole attack: every example must come once, and the summary last. */
async function attackWhole(
  events: ReturnType<Client['attack']>,
  count: number,
  pauseMs: number,
): Promise<string | undefined> {
  const seen = new Set<string>();
  let isOver = false;
  for await (const event of assembleAttack(events)) {
    if (isOver) return 'a message after the summary';
    if (event.$case === 'summary') isOver = true;
    if (event.$case !== 'result') continue;
    const { exampleKey } = event.value.result;
    if (seen.has(exampleKey)) return `two results of ${exampleKey}`;
    seen.add(exampleKey);
    if (pauseMs > 0) await pause(pauseMs);
  }
  if (!isOver) return 'no summary';
  return seen.size === count ? undefined : `${seen.size} results of ${count} examples`;
}

const ACTIONS = {
  predict: async (client, { model, example }) => {
    const { predictions } = await client.predict({ modelName: model, examples: [example] });
    return predictions.length === 1 ? undefined : `${predictions.length} predictions of 1 example`;
  },
  attack: (client, options, draw) => {
    const count = 1 + draw(3);
    return attackWhole(client.attack(request(options, count, 1 + draw(5))), count, 0);
  },
  'slow reader': (client, options, draw) => {
    const fields = [AttackField.ADVERSARIAL_TENSOR, AttackField.RAW_OUTPUTS];
    return attackWhole(client.attack({ ...request(options, 2, 1), fields }), 2, draw(50));
  },
  deadline: (client, options, draw) =>
    attackWhole(client.attack(request(options, 2, 10_000), { timeoutMs: 300 + draw(700) }), 2, 0),
  cancel: async (client, options, draw) => {
    const controller = new AbortController();
    const messages = draw(4);
    let seen = 0;
    for await (const _ of client.attack(request(options, 2, 10_000), { signal: controller.signal })) {
      if (seen++ >= messages) controller.abort();
    }
    return 'the end of a call that was cancelled';
  },
  'leave the loop': async (client, options) => {
    for await (const _ of client.attack(request(options, 2, 10_000))) break;
    return undefined;
  },
  nonsense: async (client, options) => {
    try {
      await attackWhole(client.attack({ ...request(options, 1, 1), attack: { name: 'pgd', steps: -1 } }), 1, 0);
    } catch (error) {
      const { code } = error as RobustgateError;
      if (code === 'INVALID_REQUEST') return undefined;
      throw error;
    }
    return 'an attack of −1 steps';
  },
} satisfies Record<string, Action>;

type Kind = keyof typeof ACTIONS;
const KINDS = Object.keys(ACTIONS) as Kind[];
