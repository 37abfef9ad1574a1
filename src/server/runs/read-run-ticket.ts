import { Violations } from '../../engine/index.js';
import { requestDigest, type StartRequest } from './request-digest.js';
import type { RunKindName } from './run-row.js';

/** How a run is asked for. */
export interface RunTicket {
  /** Who asks. */
  readonly principal: string;
  readonly requestId: string | undefined;
  readonly requestDigest: string | undefined;
  readonly isDetached: boolean;
  /** Whether its results are stored. */
  readonly isKept: boolean;
}

/**
 * Reads how a run is asked for.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when `request_id` is none.
 */
export async function readRunTicket<Request extends StartRequest>(
  kind: RunKindName,
  request: Request,
  principal: string,
  encode: (request: Request) => Uint8Array,
): Promise<RunTicket> {
  const { requestId, detach: isDetached = false } = request;
  const start = { principal, requestId, isDetached, isKept: isDetached || requestId !== undefined };
  if (requestId === undefined) return { ...start, requestDigest: undefined };
  const violations = new Violations();
  const isId = /^[\x20-\x7e]{1,128}$/.test(requestId);
  violations.expect(
    isId,
    'request_id',
    `expected 1 … 128 printable ASCII characters, got ${JSON.stringify(requestId)}`,
  );
  violations.throwIfAny('INVALID_REQUEST');
  return { ...start, requestDigest: await requestDigest(kind, request, encode) };
}
