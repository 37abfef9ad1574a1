import type { Command } from 'commander';
import { probeProviders } from '../../host/index.js';
import { type CliContext, EXIT, type ExitCode } from '../context.js';
import { jsonDocument } from '../json.js';
import { addExample, addJsonOption } from '../options.js';

/** `robustgate devices`: which of the `providers` of a `model.yaml` compute on this machine. */
export function defineDevices(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  addJsonOption(command);
  addExample(command, 'robustgate devices --json');
  command.action(async (options: { readonly json?: true }) => {
    const reports = await probeProviders({ signal: context.signal });
    const devices = reports.map(({ provider, works, device, reason }) => ({ provider, works, device, reason }));
    // No table: reasons are long, and a terminal breaks lines where a column would not.
    const lines = devices.map(({ provider, works, device, reason }) => {
      const text = works ? ['works', device] : ['does not work', reason];
      return `${provider}: ${text.filter((part) => part !== '').join(': ')}\n`;
    });
    context.stdout.write(options.json ? jsonDocument({ devices }) : lines.join(''));
    finish(EXIT.pass);
  });
}
