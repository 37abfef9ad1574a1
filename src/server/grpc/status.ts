import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import {
  type Any,
  BadRequest,
  ErrorInfo,
  QuotaFailure,
  ResourceInfo,
  RetryInfo,
  Status,
} from '../../contract/google/google_rpc.js';
import { EngineError, type ErrorCode, type FieldViolation } from '../../engine/index.js';
import { clip } from './clip.js';

/** Status of every error, told to clients. docs/ERRORS.md explains each, and a test compares the two. */
export const STATUS_OF: Readonly<Record<ErrorCode, status>> = {
  CANCELLED: status.CANCELLED,
  DEADLINE_TOO_SHORT: status.DEADLINE_EXCEEDED,
  DRAINING: status.UNAVAILABLE,
  GRADIENT_UNAVAILABLE: status.FAILED_PRECONDITION,
  HOST_UNAVAILABLE: status.UNAVAILABLE,
  INTERNAL: status.INTERNAL,
  INVALID_CONFIG: status.FAILED_PRECONDITION,
  INVALID_DATASET: status.FAILED_PRECONDITION,
  INVALID_IMAGE: status.INVALID_ARGUMENT,
  INVALID_MODEL: status.FAILED_PRECONDITION,
  INVALID_OPTION: status.INVALID_ARGUMENT,
  INVALID_REQUEST: status.INVALID_ARGUMENT,
  MEMORY_BUDGET_EXCEEDED: status.RESOURCE_EXHAUSTED,
  MODEL_CHANGED: status.ABORTED,
  MODEL_NOT_FOUND: status.NOT_FOUND,
  MODEL_NOT_READY: status.FAILED_PRECONDITION,
  MODEL_QUARANTINED: status.FAILED_PRECONDITION,
  PERMISSION_DENIED: status.PERMISSION_DENIED,
  PROBE_NOT_FOUND: status.NOT_FOUND,
  PROBE_TIMEOUT: status.DEADLINE_EXCEEDED,
  QUEUE_FULL: status.RESOURCE_EXHAUSTED,
  QUOTA_EXCEEDED: status.RESOURCE_EXHAUSTED,
  REPLY_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  REQUEST_ID_REUSED: status.ALREADY_EXISTS,
  RESULTS_NOT_KEPT: status.FAILED_PRECONDITION,
  RUNTIME_UNAVAILABLE: status.FAILED_PRECONDITION,
  RUN_NOT_FOUND: status.NOT_FOUND,
  SLOW_READER: status.RESOURCE_EXHAUSTED,
  STORE_FULL: status.RESOURCE_EXHAUSTED,
  STORE_UNAVAILABLE: status.UNAVAILABLE,
  UNAUTHENTICATED: status.UNAUTHENTICATED,
  UNSUPPORTED_OP: status.FAILED_PRECONDITION,
  WRONG_REPLICA: status.FAILED_PRECONDITION,
};

/** Domain of our reasons: https://google.aip.dev/193 */
const DOMAIN = 'robustgate';

/**
 * Clients refuse headers of more than 8 KiB, and an answer that is refused is one that never comes. The text stands there twice:
 * in percent-encoding as `grpc-message`, and in base64 with the details.
 */
const MAX_BYTES = { text: 1500, textBesideViolations: 600, encodedText: 3000, details: 3400, value: 200 } as const;

/** Told of errors that are ours: their text stays here. */
export type LogError = (error: unknown) => void;

/**
 * An error as gRPC tells it, with `google.rpc` details. Of an error that was not raised on purpose the client learns nothing but
 * that it happened.
 */
export function serviceError(error: unknown, logError: LogError): Partial<ServiceError> {
  if (!(error instanceof EngineError) || error.code === 'INTERNAL') {
    if (error instanceof Error && error.name === 'AbortError')
      return { code: status.CANCELLED, details: 'the call was cancelled' };
    logError(error);
    return withDetails(status.INTERNAL, 'internal error', [info('INTERNAL', {})]);
  }
  const hasViolations = (error.details.violations ?? []).length > 0;
  const text = headerText(error.message, hasViolations ? MAX_BYTES.textBesideViolations : MAX_BYTES.text);
  return withDetails(STATUS_OF[error.code], text, detailsOf(error, MAX_BYTES.details - Buffer.byteLength(text)));
}

/** As much of a text as fits into a header, which takes three bytes for each that is not ASCII. */
function headerText(text: string, maxBytes: number): string {
  const short = clip(text, maxBytes);
  return encodeURI(short).length <= MAX_BYTES.encodedText ? short : clip(text, MAX_BYTES.encodedText / 3 - 4);
}

function withDetails(code: status, text: string, details: Any[]): Partial<ServiceError> {
  const metadata = new Metadata();
  const value = Status.encode({ code, message: text, details }).finish();
  metadata.set('grpc-status-details-bin', Buffer.from(value));
  return { code, details: text, metadata };
}

const any = (name: string, value: Uint8Array): Any => ({ typeUrl: `type.googleapis.com/google.rpc.${name}`, value });

const info = (reason: string, metadata: Readonly<Record<string, string>>): Any =>
  any('ErrorInfo', ErrorInfo.encode({ reason, domain: DOMAIN, metadata }).finish());

/** @param budget most bytes of all details together */
function detailsOf({ code, message, details }: EngineError, budget: number): Any[] {
  const { metadata = {}, violations = [], retryAfterMs } = details;
  const short = clip(message, MAX_BYTES.value);
  const others: Any[] = [];
  if (retryAfterMs !== undefined) {
    const retryDelay = {
      seconds: BigInt(Math.floor(retryAfterMs / 1000)),
      nanos: Math.round((retryAfterMs % 1000) * 1e6),
    };
    others.push(any('RetryInfo', RetryInfo.encode({ retryDelay }).finish()));
  }
  if (code === 'MODEL_NOT_FOUND') {
    const resourceName = clip(metadata['model'] ?? '', MAX_BYTES.value);
    const resource = { resourceType: 'model', resourceName, owner: '', description: short };
    others.push(any('ResourceInfo', ResourceInfo.encode(resource).finish()));
  }
  if (code === 'QUEUE_FULL' || code === 'QUOTA_EXCEEDED') {
    const quota = { violations: [{ subject: metadata['quota'] ?? 'queue', description: short }] };
    others.push(any('QuotaFailure', QuotaFailure.encode(quota).finish()));
  }
  const facts = Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [name, clip(value, MAX_BYTES.value)]),
  );
  const used = [info(code, facts), ...others].reduce((sum, { value }) => sum + value.length + ANY_BYTES, 2 * ANY_BYTES);
  const fieldViolations = fitting(violations, budget - used);
  const leftOut = violations.length - fieldViolations.length;
  return [
    info(code, leftOut === 0 ? facts : { ...facts, violations_left_out: String(leftOut) }),
    ...(fieldViolations.length === 0 ? [] : [any('BadRequest', BadRequest.encode({ fieldViolations }).finish())]),
    ...others,
  ];
}

/** Name and lengths of one detail, in bytes. */
const ANY_BYTES = 60;

/** The first violations, cut to a readable length, that fit into so many bytes. */
function fitting(violations: readonly FieldViolation[], budget: number): FieldViolation[] {
  let left = budget;
  const cut = violations.map(({ field, description }) => ({
    field: clip(field, MAX_BYTES.value),
    description: clip(description, MAX_BYTES.value),
  }));
  const end = cut.findIndex((violation) => {
    left -= Buffer.byteLength(violation.field) + Buffer.byteLength(violation.description) + 10;
    return left < 0;
  });
  return end === -1 ? cut : cut.slice(0, end);
}
