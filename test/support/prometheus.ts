import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { stringify } from 'yaml';
import { freePort } from './free-port.js';
import { temporaryFolder } from './temporary-folder.js';

/** Whether a program of Debian's package `prometheus` is installed, or why a test cannot be run. */
export function whyMissing(program: 'prometheus' | 'promtool'): string | undefined {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `${program} is not installed: apt-get install prometheus`;
  }
}

/** A sample of an instant query. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly state: 'pending' | 'firing';
}

export interface Prometheus {
  /** Evaluates an expression now. A scalar is one sample without labels. */
  query(expression: string): Promise<readonly Sample[]>;
  /** Evaluates an expression again and again until it gives samples that are wanted. */
  untilQuery(expression: string, isWanted?: (samples: readonly Sample[]) => boolean): Promise<readonly Sample[]>;
  alerts(): Promise<readonly Alert[]>;
}

export interface PrometheusOptions {
  /** `HOST:PORT` of what to scrape, `/metrics` of each. */
  readonly targets: readonly string[];
  /** Paths of rule files. */
  readonly rules?: readonly string[];
  /** Time between two scrapes, and between two evaluations of the rules. Default: 200. */
  readonly everyMs?: number;
}

/** How long to wait between two looks, and in all, in milliseconds. */
const LOOK_MS = 50;
const PATIENCE_MS = 60_000;

/** Starts a real Prometheus on a free port, with what it stores in a temporary folder, until the test ends. */
export async function startPrometheus(
  t: Pick<ExecutionContext, 'teardown'>,
  { targets, rules = [], everyMs = 200 }: PrometheusOptions,
): Promise<Prometheus> {
  const folder = await temporaryFolder(t);
  const every = `${everyMs}ms`;
  const config = {
    global: { scrape_interval: every, scrape_timeout: every, evaluation_interval: every },
    rule_files: rules,
    scrape_configs: [{ job_name: 'robustgate', static_configs: [{ targets }] }],
  };
  await writeFile(join(folder, 'prometheus.yaml'), stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    'prometheus',
    [
      `--config.file=${join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (text) => {
    said += text;
  });
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`expected Prometheus to start, got: ${said}`);
    return (await fetch(`http://${address}/-/ready`).catch(() => undefined))?.ok ?? false;
  }, 'Prometheus is ready');
  return clientOf(`http://${address}/api/v1`);
}

function clientOf(api: string): Prometheus {
  const ask = async (path: string): Promise<unknown> => {
    const answer = (await (await fetch(`${api}${path}`)).json()) as { status: string; error?: string; data: unknown };
    if (answer.status !== 'success') throw new Error(`expected an answer to ${path}, got: ${answer.error}`);
    return answer.data;
  };
  const query = async (expression: string): Promise<readonly Sample[]> => {
    const { resultType, result } = (await ask(`/query?query=${encodeURIComponent(expression)}`)) as {
      resultType: string;
      result: readonly { metric: Record<string, string>; value: [number, string] }[] | [number, string];
    };
    if (resultType === 'scalar') return [{ labels: {}, value: Number(result[1]) }];
    const vector = result as readonly { metric: Record<string, string>; value: [number, string] }[];
    return vector.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  };
  return {
    query,
    async untilQuery(expression, isWanted = (samples) => samples.length > 0) {
      let samples: readonly Sample[] = [];
      await until(async () => {
        samples = await query(expression);
        return isWanted(samples);
      }, expression);
      return samples;
    },
    alerts: async () => ((await ask('/alerts')) as { alerts: readonly Alert[] }).alerts,
  };
}

async function until(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await pause(LOOK_MS)) {
    if (await holds()) return;
  }
  throw new Error(`expected within ${PATIENCE_MS / 1000} s: ${what}`);
}
