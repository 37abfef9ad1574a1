import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import {
  type BackendReport,
  type LocalEngine,
  PROVIDERS,
  type ProviderName,
  type ProviderReport,
  TFJS_BACKENDS,
  type TfjsBackend,
} from '../engine/index.js';

export interface ProbeOptions {
  /** Ends the processes. */
  readonly signal: AbortSignal;
  /** How long a driver may take to compute two numbers, in milliseconds. Default: a minute. */
  readonly timeoutMs?: number;
  /** File that the processes run; tests have one of their own. */
  readonly entry?: string;
}

/** Listed only where onnxruntime-node has them: elsewhere nobody looks for them. */
const ELSEWHERE: readonly ProviderName[] = ['dml', 'coreml'];

/**
 * Which execution providers compute here. Each is tried in a process of its own, one after the other, so that a driver that
 * crashes or hangs is reported like one that is missing.
 */
export async function probeProviders(options: ProbeOptions): Promise<readonly ProviderReport[]> {
  const reports: ProviderReport[] = [];
  for (const provider of PROVIDERS) {
    const report = await probeApart(provider, options);
    if (report.isThere || !ELSEWHERE.includes(provider)) reports.push(report);
  }
  return reports;
}

/** The same of the backends of TF.js, the one that models run on unless they say otherwise first. */
export async function probeBackends(options: ProbeOptions): Promise<readonly BackendReport[]> {
  const reports: BackendReport[] = [];
  for (const backend of TFJS_BACKENDS) reports.push(await probeBackendApart(backend, options));
  return reports;
}

/** The same of one provider. */
export async function probeApart(provider: ProviderName, options: ProbeOptions): Promise<ProviderReport> {
  const answer = await askApart('onnx', provider, options);
  if (typeof answer !== 'string') return answer as ProviderReport;
  return { provider, isThere: true, works: false, reason: answer, device: '' };
}

/** The same of one backend. */
async function probeBackendApart(backend: TfjsBackend, options: ProbeOptions): Promise<BackendReport> {
  const answer = await askApart('tfjs', backend, options);
  return typeof answer === 'string' ? { backend, works: false, reason: answer, device: '' } : (answer as BackendReport);
}

/** What a process of its own reports, or why it reports nothing. */
async function askApart(
  engine: LocalEngine,
  name: string,
  { signal, timeoutMs = 60_000, entry }: ProbeOptions,
): Promise<object | string> {
  const file = entry ?? fileURLToPath(new URL('./child/probe.js', import.meta.url));
  const child = spawn(process.execPath, [file, engine, name], { stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    signal.throwIfAborted();
    const ended = new Promise<string>((resolve) => {
      child.on('error', ({ message }) => resolve(message));
      child.on('close', (code, by) => resolve(by === null ? `code ${code}` : by));
    });
    const [, , stderr, report] = child.stdio;
    const [said, warnings, end] = await Promise.all([textOf(report), textOf(stderr), ended]);
    signal.throwIfAborted();
    const failure = isLate ? `no answer within ${timeoutMs / 1000} s` : `the process that tried it ended with ${end}`;
    return said === '' ? because(failure, warnings) : (JSON.parse(said) as object);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}

const textOf = async (stream: unknown): Promise<string> => await text(stream as AsyncIterable<Uint8Array>);

/** What the driver said last is the best that there is to tell. */
const because = (failure: string, warnings: string): string => {
  const last = warnings.trimEnd().split('\n').at(-1) ?? '';
  return last === '' ? failure : `${failure}: ${last}`;
};
