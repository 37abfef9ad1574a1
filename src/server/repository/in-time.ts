import { EngineError } from '../../engine/index.js';

/** What is left to answer when a load takes too long, in milliseconds: grpc-js loses what is written after a deadline. */
const ANSWER_MS = 100;

/**
 * Waits for a load that goes on whether anybody waits or not.
 *
 * @param model what is loaded, for messages
 * @param deadlineMs as `performance.now()`; `undefined` means whenever
 * @throws EngineError `DEADLINE_TOO_SHORT`. Thrown when it is not loaded a little before the deadline.
 * @throws the signal's reason. Thrown when the caller is gone.
 */
export async function inTime(
  load: Promise<void>,
  model: string,
  signal: AbortSignal,
  deadlineMs: number | undefined,
): Promise<void> {
  load.catch(() => undefined); // where nobody waits any more nobody handles it
  signal.throwIfAborted();
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => undefined;
  const ended = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    if (deadlineMs === undefined) return;
    const leftMs = deadlineMs - performance.now() - ANSWER_MS;
    timer = setTimeout(() => reject(tooLate(model)), Math.max(0, leftMs));
  });
  try {
    await Promise.race([load, ended]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

const tooLate = (model: string): EngineError =>
  new EngineError(
    'DEADLINE_TOO_SHORT',
    `expected time to load ${model}, which was unloaded to spare memory, before the deadline, got less; the load goes on`,
    { retryAfterMs: 1000 },
  );
