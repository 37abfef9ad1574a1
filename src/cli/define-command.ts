import type { Command } from 'commander';
import type { CliContext, ExitCode } from './context.js';

/** Gives a command its options, and what it does. The action's exit code goes to `finish`. */
export type DefineCommand = (command: Command, context: CliContext, finish: (code: ExitCode) => void) => void;
