import { EngineError } from '../../engine/index.js';
import type { CallContext } from '../grpc/call-context.js';
import type { GatewayContext } from './gateway-context.js';

/** A deadline nearer than this leaves no time to do anything and tell of it, in milliseconds. */
const SHORTEST_BUDGET_MS = 100;

/** When a client may find another gateway in the place of one that is shutting down, in milliseconds. */
const RETRY_AFTER_MS = 1000;

/** @throws EngineError `DRAINING`. Thrown when the gateway is shutting down. */
export function requireServing({ draining }: Pick<GatewayContext, 'draining'>): void {
  if (draining.aborted) throw drainingError();
}

/** The error of a call that comes, or still waits or runs, while the gateway ends. */
export const drainingError = (): EngineError =>
  new EngineError('DRAINING', 'expected a gateway that takes calls, got one that is shutting down', {
    retryAfterMs: RETRY_AFTER_MS,
  });

/** @throws EngineError `DEADLINE_TOO_SHORT`. Thrown when the deadline of a call is too near to begin. */
export function requireTime({ deadlineMs }: Pick<CallContext, 'deadlineMs'>): void {
  if (deadlineMs === undefined) return;
  const leftMs = deadlineMs - performance.now();
  if (leftMs >= SHORTEST_BUDGET_MS) return;
  const got = Math.max(0, Math.round(leftMs));
  throw new EngineError('DEADLINE_TOO_SHORT', `expected at least ${SHORTEST_BUDGET_MS} ms to the deadline, got ${got}`);
}
