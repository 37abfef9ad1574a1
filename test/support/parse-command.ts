import { Command } from 'commander';
import { COMMANDS } from '../../src/cli/run.js';

/**
 * What the parser of a command makes of a command line, without running it.
 *
 * @param words the name of a command, and its arguments
 * @throws CommanderError. Thrown when it does not take them.
 */
export async function parseCommand([name = '', ...words]: readonly string[]): Promise<Record<string, unknown>> {
  const parser = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  const command = parser.command(name).exitOverride().allowExcessArguments(false);
  const sink = { write: () => true };
  const context = { env: {}, signal: new AbortController().signal, stdout: sink, stderr: sink };
  await (await COMMANDS[name]?.load())?.(command, context, () => {});
  let parsed: Record<string, unknown> | undefined;
  // Some have commands of their own.
  for (const one of [command, ...command.commands]) {
    one.action(() => {
      parsed = one.opts();
    });
  }
  await parser.parseAsync([name, ...words], { from: 'user' });
  if (parsed === undefined) throw new Error(`expected a command line of ${name}, got ${words.join(' ')}`);
  return parsed;
}
