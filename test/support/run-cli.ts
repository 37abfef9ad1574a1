import { run } from '../../src/cli/run.js';

export interface CliRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly signal?: AbortSignal;
  readonly isTerminal?: boolean;
  readonly columns?: number;
  readonly env?: Record<string, string>;
  /** Called with everything that is written to stderr. */
  readonly onStderr?: (text: string) => void;
}

/** Runs a command in this process, with streams that only collect. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<CliRun> {
  const texts = { stdout: '', stderr: '' };
  const code = await run(argv, {
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
    stdout: {
      write: (text) => {
        texts.stdout += text;
      },
    },
    stderr: {
      isTTY: options.isTerminal,
      columns: options.columns,
      write: (text) => {
        texts.stderr += text;
        options.onStderr?.(text);
      },
    },
  });
  return { code, ...texts };
}
