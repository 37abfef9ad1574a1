/** Stable identifiers, each explained in docs/ERRORS.md; the server maps each to one gRPC status. */
export const ERROR_CODES = [
  'CANCELLED',
  'DEADLINE_TOO_SHORT',
  'DRAINING',
  'GRADIENT_UNAVAILABLE',
  'HOST_UNAVAILABLE',
  'INTERNAL',
  'INVALID_CONFIG',
  'INVALID_DATASET',
  'INVALID_IMAGE',
  'INVALID_MODEL',
  'INVALID_OPTION',
  'INVALID_REQUEST',
  'MEMORY_BUDGET_EXCEEDED',
  'MODEL_CHANGED',
  'MODEL_NOT_FOUND',
  'MODEL_NOT_READY',
  'MODEL_QUARANTINED',
  'PERMISSION_DENIED',
  'PROBE_NOT_FOUND',
  'PROBE_TIMEOUT',
  'QUEUE_FULL',
  'QUOTA_EXCEEDED',
  'REPLY_TOO_LARGE',
  'REQUEST_ID_REUSED',
  'RESULTS_NOT_KEPT',
  'RUNTIME_UNAVAILABLE',
  'RUN_NOT_FOUND',
  'SLOW_READER',
  'STORE_FULL',
  'STORE_UNAVAILABLE',
  'UNAUTHENTICATED',
  'UNSUPPORTED_OP',
  'WRONG_REPLICA',
] as const;
export type ErrorCode = (typeof ERROR_CODES)[number];

/** A part of a request or of a file that is wrong, e.g. `attack.steps`. */
export interface FieldViolation {
  readonly field: string;
  /** What was expected and what was got. */
  readonly description: string;
}

export interface ErrorDetails {
  /** The same as the message, for machines. */
  readonly metadata?: Readonly<Record<string, string>>;
  readonly violations?: readonly FieldViolation[];
  /** When another try may succeed. */
  readonly retryAfterMs?: number;
}

/** Every failure that is raised on purpose. `message` is for people: what was expected and what was got. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/**
 * Collects what is wrong with a value, so that all of it is told at once.
 */
export class Violations {
  readonly #found: FieldViolation[] = [];

  add(field: string, description: string): void {
    this.#found.push({ field, description });
  }

  /** Adds a violation unless `holds`. */
  expect(holds: boolean, field: string, description: string): void {
    if (!holds) this.add(field, description);
  }

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  /** @throws EngineError of `code`. Thrown when a violation was added; its message lists them all. */
  throwIfAny(code: ErrorCode): void {
    if (this.isEmpty) return;
    const text = this.#found.map(({ field, description }) => `${field}: ${description}`).join('; ');
    throw new EngineError(code, text, { violations: this.#found });
  }
}
