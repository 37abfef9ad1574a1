import { EngineError } from '../../engine/index.js';
import type { Place } from '../admission/admission.js';
import type { CallContext } from '../grpc/call-context.js';
import type { StreamMessage } from '../grpc/handlers.js';
import type { GatewayContext } from './gateway-context.js';

/** Time between two signs of life while a run waits, in milliseconds. */
const QUEUE_PROGRESS_MS = 5000;

/** A deadline nearer than this leaves no time to do anything and tell of it, in milliseconds. */
const SHORTEST_BUDGET_MS = 100;

/**
 * Waits for a place among the runs, telling the reader where it stands: at once, when that changes, and now and then.
 *
 * @throws EngineError `QUEUE_FULL`. Thrown when too many wait.
 */
export async function* waitForPlace<Response>(
  { attacks }: GatewayContext,
  { signal }: CallContext,
  queued: (position: number) => StreamMessage<Response>,
): AsyncGenerator<StreamMessage<Response>, Place, void> {
  const left = new AbortController();
  let position = 0;
  let moved: () => void = () => undefined;
  const entering = attacks.enter(AbortSignal.any([signal, left.signal]), {
    onPosition: (ahead) => {
      position = ahead;
      moved();
    },
  });
  let isAdmitted = false;
  try {
    for (;;) {
      const place = await Promise.race([
        entering,
        new Promise<undefined>((resolve) => {
          moved = () => resolve(undefined);
          // A position that came before anybody listened is told right after.
          setTimeout(resolve, position > 0 ? QUEUE_PROGRESS_MS : 0, undefined).unref();
        }),
      ]);
      if (place !== undefined) {
        isAdmitted = true;
        return place;
      }
      if (position > 0) yield queued(position);
    }
  } finally {
    left.abort();
    if (!isAdmitted) entering.then((place) => place.leave()).catch(() => undefined);
  }
}

/** @throws EngineError `DEADLINE_TOO_SHORT`. Thrown when the deadline of a call is too near to begin. */
export function requireTime({ deadlineMs }: CallContext): void {
  if (deadlineMs === undefined) return;
  const leftMs = deadlineMs - performance.now();
  if (leftMs >= SHORTEST_BUDGET_MS) return;
  const got = Math.max(0, Math.round(leftMs));
  throw new EngineError('DEADLINE_TOO_SHORT', `expected at least ${SHORTEST_BUDGET_MS} ms to the deadline, got ${got}`);
}
