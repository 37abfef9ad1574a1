/** A stream that text is written to; a terminal says so. */
export interface TextSink {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** What surrounds a command: everything that it reads of the world beside its arguments and files. */
export interface CliContext {
  readonly env: {
    readonly TERM?: string | undefined;
    /** Not empty: no colours. */
    readonly NO_COLOR?: string | undefined;
    /** Set: errors come with their stack. */
    readonly ROBUSTGATE_DEBUG?: string | undefined;
    /** Of a pod of an Indexed Job of Kubernetes: the shard that it is. */
    readonly JOB_COMPLETION_INDEX?: string | undefined;
  };
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Data: tables, or one JSON document. */
  readonly stdout: TextSink;
  /** Progress, warnings and errors. */
  readonly stderr: TextSink;
}

/** Exit codes of every command. */
export const EXIT = {
  pass: 0,
  /** A threshold that was asked for is missed. */
  threshold: 1,
  /** Wrong arguments, or a request that the gateway finds wrong. */
  usage: 2,
  /** Everything else: no gateway, a lost host, no memory, a deadline. An interrupt (Ctrl-C, SIGTERM) too. */
  infrastructure: 3,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Arguments or files that are wrong: `message` says what was expected and what was got. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
