import { type ServiceError, status } from '@grpc/grpc-js';
import { BadRequest, ErrorInfo, RetryInfo, Status } from '../contract/google/google_rpc.js';

/** A field of the request that is wrong, e.g. `attack.steps`. */
export interface Violation {
  readonly field: string;
  /** What was expected and what was got. */
  readonly description: string;
}

/** What is known of a failure beside its text. */
export interface ErrorFacts {
  /** gRPC status, e.g. 3 for INVALID_ARGUMENT. */
  readonly status: number;
  /** The gateway's own error code, as docs/ERRORS.md lists them; `undefined` where something else answered. */
  readonly reason?: string | undefined;
  readonly violations?: readonly Violation[];
  /** When another try may succeed, in milliseconds; `undefined` where the gateway does not say. */
  readonly retryAfterMs?: number | undefined;
  /** Names and values that belong to the failure, e.g. the model. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Every failure of a call. The message says what was expected and what was got. */
export class RobustgateError extends Error {
  override readonly name = 'RobustgateError';
  /** `reason` where there is one, else the name of the gRPC status, e.g. `UNAVAILABLE`. */
  readonly code: string;
  readonly status: number;
  readonly statusName: string;
  readonly reason: string | undefined;
  readonly violations: readonly Violation[];
  readonly retryAfterMs: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;

  constructor(message: string, facts: ErrorFacts, options?: ErrorOptions) {
    super(message, options);
    this.status = facts.status;
    this.statusName = status[facts.status] ?? 'UNKNOWN';
    this.reason = facts.reason;
    this.code = facts.reason ?? this.statusName;
    this.violations = facts.violations ?? [];
    this.retryAfterMs = facts.retryAfterMs;
    this.metadata = facts.metadata ?? {};
  }
}

/** What grpc-js reported, with the `google.rpc` details that came with it. */
export function errorOf(cause: unknown): RobustgateError {
  if (cause instanceof RobustgateError) return cause;
  if (!isServiceError(cause)) {
    return new RobustgateError(
      `${cause instanceof Error ? cause.message : cause}`,
      { status: status.UNKNOWN },
      { cause },
    );
  }
  return new RobustgateError(cause.details, { status: cause.code, ...detailsOf(cause) }, { cause });
}

/** The error of a call that its own caller gave up. */
export const cancelledBy = (signal: AbortSignal): RobustgateError =>
  new RobustgateError(
    'expected an answer, got cancelled by the caller',
    { status: status.CANCELLED },
    { cause: signal.reason },
  );

const isServiceError = (cause: unknown): cause is ServiceError =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'number' && 'details' in cause;

function detailsOf({ metadata }: ServiceError): Partial<ErrorFacts> {
  const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
  if (!(bytes instanceof Uint8Array)) return {};
  try {
    return Object.assign({}, ...Status.decode(bytes).details.map(({ typeUrl, value }) => factsOf(typeUrl, value)));
  } catch {
    // Details that cannot be read must not hide the status that came with them.
    return {};
  }
}

function factsOf(typeUrl: string, value: Uint8Array): Partial<ErrorFacts> {
  switch (typeUrl.slice(typeUrl.lastIndexOf('/') + 1)) {
    case 'google.rpc.ErrorInfo': {
      const { reason, metadata } = ErrorInfo.decode(value);
      return { reason, metadata };
    }
    case 'google.rpc.BadRequest':
      return { violations: BadRequest.decode(value).fieldViolations };
    case 'google.rpc.RetryInfo': {
      const delay = RetryInfo.decode(value).retryDelay;
      return delay === undefined ? {} : { retryAfterMs: Number(delay.seconds) * 1000 + delay.nanos / 1e6 };
    }
    default:
      return {};
  }
}
