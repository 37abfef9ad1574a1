import { readFile } from 'node:fs/promises';
import { UsageError } from '../../context.js';
import { type EventSink, SinkError } from '../sink.js';
import { keysOf, signatureOf } from './signature.js';

export interface WebhookOptions {
  readonly url: URL;
  /** File of the secrets that messages are signed with, read again for each. Default: they are not signed. */
  readonly secretFile?: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Time for one try. Default: 30 s. */
  readonly timeoutMs?: number;
}

/**
 * Posts events to an address, in the structured mode of CloudEvents, with the headers of Standard Webhooks.
 *
 * @throws UsageError. Thrown when the file of secrets cannot be read or holds none.
 */
export async function webhookSink(options: WebhookOptions): Promise<EventSink> {
  const { url, secretFile, now, timeoutMs = 30_000 } = options;
  if (secretFile !== undefined) {
    await readKeys(secretFile).catch((cause) => {
      throw new UsageError(`expected secrets in ${secretFile}, got: ${(cause as Error).message}`, { cause });
    });
  }
  return {
    name: url.origin,
    async publish(event, signal) {
      const body = JSON.stringify(event);
      const timestamp = Math.floor(now() / 1000);
      const signature =
        secretFile === undefined
          ? {}
          : { 'webhook-signature': await sign(secretFile, (keys) => signatureOf(keys, event.id, timestamp, body)) };
      const headers = {
        'content-type': 'application/cloudevents+json; charset=utf-8',
        'webhook-id': event.id,
        'webhook-timestamp': `${timestamp}`,
        ...signature,
      };
      await withinTime(timeoutMs, signal, (limited) => post(url, body, { headers, signal: limited, now }));
    },
    close: async () => undefined,
  };
}

const readKeys = async (path: string): Promise<readonly Buffer[]> => keysOf(await readFile(path, 'utf8'));

/** A secret that is being replaced may be missing for a moment. */
async function sign(path: string, signed: (keys: readonly Buffer[]) => string): Promise<string> {
  try {
    return signed(await readKeys(path));
  } catch (cause) {
    const text = `expected secrets in ${path}, got: ${(cause as Error).message}`;
    throw new SinkError(text, { isPermanent: false }, { cause });
  }
}

/** Not `AbortSignal.any`: of that each try would leave something behind in a signal that lives as long as the relay. */
async function withinTime(
  timeoutMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const leave = (): void => stop.abort(signal.reason);
  const timer = setTimeout(() => stop.abort(new Error(`nothing within ${timeoutMs / 1000} s`)), timeoutMs);
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  try {
    await work(stop.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
  }
}

interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

async function post(url: URL, body: string, { headers, signal, now }: PostOptions): Promise<void> {
  let response: Response;
  try {
    // A redirect could take what is signed to somebody else.
    response = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' });
  } catch (cause) {
    const text = `expected ${url.origin} to answer, got: ${reasonOf(cause)}`;
    throw new SinkError(text, { isPermanent: false }, { cause });
  }
  // What it says is not needed, and may be long.
  await response.body?.cancel().catch(() => undefined);
  if (response.ok) return;
  throw new SinkError(`expected ${url.origin} to answer 2xx, got ${response.status}`, {
    isPermanent: !isTemporary(response.status),
    retryAfterMs: retryAfterMsOf(response.headers.get('retry-after'), now()),
  });
}

/** Request Timeout, Too Early, Too Many Requests, and all that is the server's fault. */
const isTemporary = (status: number): boolean => status >= 500 || [408, 425, 429].includes(status);

/** `Retry-After` of RFC 9110 §10.2.3, seconds or a date, as milliseconds from now on; `undefined` where it is neither. */
export function retryAfterMsOf(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

/** `fetch` says "fetch failed" and keeps the reason to itself. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error
    ? `${message}: ${cause.message || String((cause as NodeJS.ErrnoException).code)}`
    : message;
}
