import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What a child is asked, one line of JSON each: torch_step.py says what they mean. */
export type Command =
  | { readonly do: 'load'; readonly folder: string; readonly batch: number }
  | { readonly do: 'gradient'; readonly file: string }
  | { readonly do: 'steps' | 'forward'; readonly count: number }
  | { readonly do: 'library'; readonly name: string; readonly count: number }
  | { readonly do: 'memory' | 'rounding' };

/** What it answers, one line each. */
export interface Answer {
  readonly error?: string;
  readonly ms?: number;
  /** Milliseconds of all cores together. */
  readonly cpuMs?: number;
  readonly peakBytes?: number;
  readonly rounding?: number;
  readonly versions?: Readonly<Record<string, string>>;
}

/** A child process that computes steps. */
export interface Stepper {
  /** @throws Error. Thrown when the child could not do it, or has ended. */
  ask(command: Command): Promise<Answer>;
  /** Milliseconds of one of `count` things. */
  msEach(command: Extract<Command, { readonly count: number }>): Promise<number>;
  close(): Promise<void>;
}

/**
 * Starts a program that answers commands. What it writes to stderr is ours.
 *
 * @param environment what is added to this process's own
 */
export function startStepper(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Stepper {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(`it ended (${signal ?? code})`));
  });
  child.stdin.on('error', () => undefined); // a child that has ended is told of by `ended`
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  async function ask(command: Command): Promise<Answer> {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    const { value, done } = await lines.next();
    const answer = done ? { error: await ended } : (JSON.parse(value) as Answer);
    if (answer.error !== undefined) throw new Error(`${program}, ${command.do}: ${answer.error}`);
    return answer;
  }

  return {
    ask,
    async msEach(command) {
      const { ms = Number.NaN } = await ask(command);
      return ms / command.count;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
