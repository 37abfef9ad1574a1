import type { Command } from 'commander';
import type { Client } from '../clients/index.js';
import type { CliContext } from './context.js';
import { withGateway } from './gateway.js';
import { addJsonOption, addServerOptions, type ServerOptions } from './options.js';

/** What every command is told that only asks a gateway. */
export interface AskingOptions extends ServerOptions {
  readonly json?: true;
}

/**
 * Adds the options of `AskingOptions`, and what is done with the gateway that they name.
 *
 * @param work gets the argument of the command too, where it has one
 */
export const addServerAction = <Given extends AskingOptions>(
  command: Command,
  context: CliContext,
  work: (client: Client, options: Given, argument: string | undefined) => Promise<void>,
): Command =>
  addJsonOption(addServerOptions(command)).action(async (...given: readonly unknown[]) => {
    // Arguments come first, then options, then the command.
    const argument = typeof given[0] === 'string' ? given[0] : undefined;
    const options = given.at(-2) as Given;
    await withGateway(options, context, (client) => work(client, options, argument));
  });
