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
import { EngineError, type ErrorCode } from '../../engine/index.js';

/** Status of every error, told to clients. docs/ERRORS.md explains each, and a test compares the two. */
export const STATUS_OF: Readonly<Record<ErrorCode, status>> = {
  CANCELLED: status.CANCELLED,
  DEADLINE_TOO_SHORT: status.DEADLINE_EXCEEDED,
  DRAINING: status.UNAVAILABLE,
  GRADIENT_UNAVAILABLE: status.FAILED_PRECONDITION,
  HOST_UNAVAILABLE: status.UNAVAILABLE,
  INTERNAL: status.INTERNAL,
  INVALID_CONFIG: status.FAILED_PRECONDITION,
  INVALID_IMAGE: status.INVALID_ARGUMENT,
  INVALID_MODEL: status.FAILED_PRECONDITION,
  INVALID_OPTION: status.INVALID_ARGUMENT,
  INVALID_REQUEST: status.INVALID_ARGUMENT,
  MEMORY_BUDGET_EXCEEDED: status.RESOURCE_EXHAUSTED,
  MODEL_NOT_FOUND: status.NOT_FOUND,
  MODEL_NOT_READY: status.FAILED_PRECONDITION,
  MODEL_QUARANTINED: status.FAILED_PRECONDITION,
  QUEUE_FULL: status.RESOURCE_EXHAUSTED,
  REPLY_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  REQUEST_TOO_LARGE: status.RESOURCE_EXHAUSTED,
  RUNTIME_UNAVAILABLE: status.FAILED_PRECONDITION,
  SLOW_READER: status.RESOURCE_EXHAUSTED,
  UNSUPPORTED_OP: status.FAILED_PRECONDITION,
};

/** Domain of our reasons: https://google.aip.dev/193 */
const DOMAIN = 'robustgate';

/** Longest text of a status: clients refuse headers of more than 8 KiB, in which it stands twice. */
const MAX_TEXT = 1500;
/** Most violations that go into the details, for the same reason. */
const MAX_VIOLATIONS = 20;

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
  const text = error.message.length > MAX_TEXT ? `${error.message.slice(0, MAX_TEXT)} …` : error.message;
  return withDetails(STATUS_OF[error.code], text, detailsOf(error));
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

function detailsOf({ code, message, details }: EngineError): Any[] {
  const { metadata = {}, violations = [], retryAfterMs } = details;
  const list = [info(code, metadata)];
  if (violations.length > 0) {
    const fieldViolations = violations
      .slice(0, MAX_VIOLATIONS)
      .map(({ field, description }) => ({ field, description }));
    list.push(any('BadRequest', BadRequest.encode({ fieldViolations }).finish()));
  }
  if (retryAfterMs !== undefined) {
    const retryDelay = {
      seconds: BigInt(Math.floor(retryAfterMs / 1000)),
      nanos: Math.round((retryAfterMs % 1000) * 1e6),
    };
    list.push(any('RetryInfo', RetryInfo.encode({ retryDelay }).finish()));
  }
  if (code === 'MODEL_NOT_FOUND') {
    const resource = { resourceType: 'model', resourceName: metadata['model'] ?? '', owner: '', description: message };
    list.push(any('ResourceInfo', ResourceInfo.encode(resource).finish()));
  }
  if (code === 'QUEUE_FULL') {
    list.push(
      any('QuotaFailure', QuotaFailure.encode({ violations: [{ subject: 'queue', description: message }] }).finish()),
    );
  }
  return list;
}
