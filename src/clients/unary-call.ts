import { setTimeout as delay } from 'node:timers/promises';
import { type ServiceError, status } from '@grpc/grpc-js';
import { cancelledBy, errorOf, RobustgateError } from './robustgate-error.js';

/** What a caller may say about one call. */
export interface CallOptions {
  /** Gives the call up when aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Time for the whole call, retries included, in milliseconds. Default: none. */
  readonly timeoutMs?: number | undefined;
}

/**
 * grpc-js computes timeouts on the server in 32 bits, so that one of more than 24.8 days is over at once.
 */
const MAX_TIMEOUT_MS = 20 * 24 * 3600 * 1000;

/**
 * The moment at which a call that starts now is given up, at most 20 days ahead.
 *
 * @throws RangeError. Thrown when the timeout is not greater than 0.
 */
export function deadlineOf(timeoutMs: number | undefined): number {
  if (timeoutMs === undefined) return Number.POSITIVE_INFINITY;
  if (!(timeoutMs > 0)) throw new RangeError(`expected timeoutMs > 0, got ${timeoutMs}`);
  return Date.now() + Math.min(timeoutMs, MAX_TIMEOUT_MS);
}

/** Starts one call of a method and gives its answer to `callback`. */
export type StartCall<Response> = (
  deadline: number,
  callback: (error: ServiceError | null, response: Response) => void,
) => { cancel(): void };

/**
 * The answer of a method. Where the gateway is unavailable and says when it will be back, tries again.
 *
 * @param attempts tries in all: at least 1
 * @throws RobustgateError. Thrown when the call fails or is given up.
 */
export async function unaryCall<Response>(
  start: StartCall<Response>,
  { signal, timeoutMs }: CallOptions,
  attempts: number,
): Promise<Response> {
  const deadline = deadlineOf(timeoutMs);
  for (let attempt = 1; ; attempt++) {
    try {
      return await once(start, deadline, signal);
    } catch (error) {
      const waitMs = error instanceof RobustgateError ? retryDelayOf(error) : undefined;
      if (attempt >= attempts || waitMs === undefined || Date.now() + waitMs >= deadline) throw error;
      await wait(waitMs, signal);
    }
  }
}

const retryDelayOf = ({ status: code, retryAfterMs }: RobustgateError): number | undefined =>
  code === status.UNAVAILABLE ? retryAfterMs : undefined;

async function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (cause) {
    throw signal?.aborted ? cancelledBy(signal) : cause;
  }
}

function once<Response>(
  start: StartCall<Response>,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(cancelledBy(signal));
      return;
    }
    const call = start(deadline, (error, response) => {
      signal?.removeEventListener('abort', cancel);
      if (error === null) resolve(response);
      else reject(signal?.aborted ? cancelledBy(signal) : errorOf(error));
    });
    const cancel = (): void => call.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
  });
}
