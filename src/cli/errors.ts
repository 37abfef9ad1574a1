import { RobustgateError } from '../clients/robustgate-error.js';
import { EngineError, type ErrorCode } from '../engine/index.js';
import { type CliContext, EXIT, type ExitCode, UsageError } from './context.js';
import { secondsOf } from './format.js';

/**
 * gRPC statuses that say that the request is wrong, or who makes it, so that trying again is of no use: INVALID_ARGUMENT, NOT_FOUND,
 * PERMISSION_DENIED, OUT_OF_RANGE, UNAUTHENTICATED.
 */
const WRONG_REQUEST: readonly number[] = [3, 5, 7, 11, 16];

/** Engine errors that say the same, where a command meets them without a gateway between. */
const WRONG_INPUT: readonly ErrorCode[] = [
  'INVALID_CONFIG',
  'INVALID_IMAGE',
  'INVALID_MODEL',
  'INVALID_OPTION',
  'INVALID_REQUEST',
  'MODEL_NOT_FOUND',
];

/** What a failed command exits with. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError || isMissingFile(error)) return EXIT.usage;
  if (error instanceof RobustgateError && WRONG_REQUEST.includes(error.status)) return EXIT.usage;
  if (error instanceof EngineError && WRONG_INPUT.includes(error.code)) return EXIT.usage;
  return EXIT.infrastructure;
}

/** Tells a failure: for people on stderr and, where JSON is wanted, as the one document on stdout. */
export function writeError(error: unknown, isJson: boolean, { stdout, stderr, signal, env }: CliContext): void {
  const facts = signal.aborted
    ? { ...NO_FACTS, code: 'INTERRUPTED', message: 'stopped before the end' }
    : factsOf(error);
  stderr.write(`robustgate: ${facts.code === '' ? '' : `${facts.code}: `}${facts.message}\n`);
  for (const { field, description } of facts.violations) stderr.write(`  ${field}: ${description}\n`);
  if (facts.retryAfterMs !== undefined) stderr.write(`  try again in ${secondsOf(facts.retryAfterMs / 1000)}\n`);
  if (isNobodyThere(error)) {
    stderr.write(
      '  start a gateway with `robustgate serve`, name another with --server, or use --local --models DIR\n',
    );
  }
  if (env.ROBUSTGATE_DEBUG !== undefined && error instanceof Error) stderr.write(`${error.stack}\n`);
  if (isJson) stdout.write(`${JSON.stringify({ error: facts }, undefined, 2)}\n`);
}

interface Facts {
  readonly code: string;
  readonly message: string;
  readonly violations: readonly { readonly field: string; readonly description: string }[];
  readonly retryAfterMs: number | undefined;
}

const NO_FACTS = { violations: [], retryAfterMs: undefined };

function factsOf(error: unknown): Facts {
  if (error instanceof RobustgateError) {
    const { code, message, violations, retryAfterMs } = error;
    return { code, message: message.replace(/ Resolution note: $/, ''), violations, retryAfterMs };
  }
  if (error instanceof EngineError) {
    const { code, message, details } = error;
    return { code, message, violations: details.violations ?? [], retryAfterMs: details.retryAfterMs };
  }
  return { ...NO_FACTS, code: '', message: error instanceof Error ? error.message : String(error) };
}

/** gRPC's UNAVAILABLE, and no gateway that gives its own reason for it. */
const isNobodyThere = (error: unknown): boolean =>
  error instanceof RobustgateError && error.statusName === 'UNAVAILABLE' && error.reason === undefined;

const isMissingFile = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EISDIR');
