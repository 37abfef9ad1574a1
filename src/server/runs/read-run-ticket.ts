import type { Example } from '../../contract/robustgate/v1/example.js';
import { Violations } from '../../engine/index.js';
import { digestOf } from '../security/digest.js';
import type { RunKindName } from './run-row.js';

/** What the requests for all kinds of runs say of their start. */
export interface StartRequest {
  readonly examples: readonly Example[];
  readonly requestId?: string | undefined;
  readonly detach?: boolean | undefined;
}

/** How a run is asked for. */
export interface RunTicket {
  /** Name of who asks. */
  readonly principal: string;
  readonly requestId: string | undefined;
  /** SHA-256 of all that is asked for, `request_id` and `detach` left out; with `requestId`. */
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
export function readRunTicket(kind: RunKindName, request: StartRequest, principal: string): RunTicket {
  const { requestId, detach: isDetached = false } = request;
  const start = { principal, requestId, isDetached, isKept: isDetached || requestId !== undefined };
  if (requestId === undefined) return { ...start, requestDigest: undefined };
  const violations = new Violations();
  const isId = /^[\x20-\x7e]{1,128}$/.test(requestId);
  const text = `expected 1 … 128 printable ASCII characters, got ${JSON.stringify(requestId)}`;
  violations.expect(isId, 'request_id', text);
  violations.throwIfAny('INVALID_REQUEST');
  return { ...start, requestDigest: requestDigestOf(kind, request) };
}

/** SHA-256 of all that is asked for, in hexadecimal; how it is started is left out. */
export const requestDigestOf = (kind: RunKindName, request: StartRequest): string =>
  digestOf({ kind, ...request, requestId: undefined, detach: undefined });
