import { setTimeout as delay } from 'node:timers/promises';
import { RobustgateError } from '../../clients/index.js';
import { secondsOf } from '../format.js';

/** How long a gateway may be away before an evaluation gives up. */
export interface RetryOptions {
  /** Time between the first failure in a row and the last try, in milliseconds. */
  readonly patienceMs: number;
  /** Told before each wait. */
  readonly log: (message: string) => void;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** gRPC's UNAVAILABLE. */
const UNAVAILABLE = 14;

/** Waits between the tries of one piece of work. */
export interface Patience {
  /**
   * Waits until another try makes sense: as long as the gateway asks for, else twice as long each time.
   *
   * @throws the error. Thrown when another try would not help, or patience is at its end.
   */
  wait(error: unknown, signal: AbortSignal): Promise<void>;
}

/** Patience with a gateway that is away, full, or without its host. */
export function createPatience({ patienceMs, log }: RetryOptions): Patience {
  let giveUpAt: number | undefined;
  let nextWaitMs = FIRST_WAIT_MS;
  return {
    async wait(error, signal) {
      if (signal.aborted || !(error instanceof RobustgateError) || !mayPass(error)) throw error;
      const waitMs = error.retryAfterMs ?? nextWaitMs;
      nextWaitMs = Math.min(2 * nextWaitMs, LONGEST_WAIT_MS);
      giveUpAt ??= performance.now() + patienceMs;
      if (performance.now() + waitMs > giveUpAt) throw error;
      log(`${error.code}: ${error.message}; trying again in ${secondsOf(waitMs / 1000)}`);
      await delay(waitMs, undefined, { signal });
    },
  };
}

/** Whether a failure is one of the moment: nobody there, or somebody who says when to come back. */
const mayPass = ({ status, retryAfterMs }: RobustgateError): boolean =>
  status === UNAVAILABLE || retryAfterMs !== undefined;
