import type { Command } from 'commander';
import { listArchitectures } from '../../../lab/index.js';
import { type CliContext, EXIT, type ExitCode } from '../../context.js';
import { jsonDocument } from '../../json.js';
import { addExample, addJsonOption } from '../../options.js';

/** `robustgate lab networks`: what a configuration may ask for. */
export function defineNetworks(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  addJsonOption(command);
  addExample(command, 'robustgate lab networks');
  command.action((options: { readonly json?: true }) => {
    const networks = listArchitectures();
    const lines = networks.map(
      ({ name, summary, tasks, decoders }) =>
        `${name}: ${summary}\n  tasks: ${tasks.join(', ')}\n  decoders: ${decoders.join(', ')}\n`,
    );
    context.stdout.write(options.json ? jsonDocument({ networks }) : lines.join(''));
    finish(EXIT.pass);
  });
}
