import { type ServiceError, status } from '@grpc/grpc-js';
import { EngineError, type ErrorCode, type RemoteConfig } from '../../engine/index.js';

interface Meaning {
  readonly code: ErrorCode;
  /** What whoever reads it can do. */
  readonly advice: string;
  readonly retryAfterMs?: number;
}

const AWAY: Meaning = {
  code: 'HOST_UNAVAILABLE',
  advice: 'try again, and if it stays so look whether the remote runs and can be reached',
  retryAfterMs: 1000,
};
const REFUSES_US: Meaning = {
  code: 'MODEL_NOT_READY',
  advice: 'the remote refuses this gateway: give it a valid tokenFile or certificate in model.yaml',
};

/** What a status of the remote means to a caller of ours, whose own rights it says nothing about. */
const MEANINGS: Readonly<Partial<Record<status, Meaning>>> = {
  [status.RESOURCE_EXHAUSTED]: {
    code: 'QUEUE_FULL',
    advice: 'the remote is overloaded: try later',
    retryAfterMs: 1000,
  },
  [status.INVALID_ARGUMENT]: { code: 'INVALID_REQUEST', advice: 'send what the remote takes' },
  [status.NOT_FOUND]: { code: 'MODEL_NOT_READY', advice: 'load the model there, or correct model.yaml' },
  [status.FAILED_PRECONDITION]: { code: 'MODEL_NOT_READY', advice: 'load the model there' },
  [status.UNIMPLEMENTED]: {
    code: 'MODEL_NOT_READY',
    advice: 'the endpoint does not speak the Open Inference Protocol',
  },
  [status.UNAUTHENTICATED]: REFUSES_US,
  [status.PERMISSION_DENIED]: REFUSES_US,
};

/** A failed call to a remote as callers of this gateway see it. */
export function remoteError(
  error: Pick<ServiceError, 'code' | 'details'>,
  { endpoint, model }: Pick<RemoteConfig, 'endpoint' | 'model'>,
  seconds: number,
): EngineError {
  const { code, advice, retryAfterMs } = MEANINGS[error.code] ?? AWAY;
  const isLate = error.code === status.DEADLINE_EXCEEDED;
  const got = isLate ? `nothing within ${seconds} s` : `${status[error.code]}: ${error.details}`;
  return new EngineError(
    code,
    `expected an answer of the remote model ${model} at ${endpoint}, got ${got}; ${advice}`,
    { metadata: { remote: model }, ...(retryAfterMs !== undefined && { retryAfterMs }) },
    { cause: error },
  );
}
