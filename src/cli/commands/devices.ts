import type { Command } from 'commander';
import { probeBackends, probeProviders } from '../../host/index.js';
import { type CliContext, EXIT, type ExitCode } from '../context.js';
import { jsonDocument } from '../json.js';
import { addExample, addJsonOption } from '../options.js';

/** `robustgate devices`: which of the `providers` and `backends` of a `model.yaml` compute on this machine. */
export function defineDevices(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  addJsonOption(command);
  addExample(command, 'robustgate devices --json');
  command.action(async (options: { readonly json?: true }) => {
    const providers = await probeProviders({ signal: context.signal });
    const backends = await probeBackends({ signal: context.signal });
    const devices = providers.map(({ provider, works, device, reason }) => ({ provider, works, device, reason }));
    const used = backends.find(({ works }) => works)?.backend;
    const tfjs = backends.map((report) => ({ ...report, used: report.backend === used }));
    const lines = [
      ...devices.map((report) => line(report.provider, report)),
      ...tfjs.map((report) => line(`tfjs ${report.backend}`, report)),
    ];
    context.stdout.write(options.json ? jsonDocument({ devices, tfjs }) : lines.join(''));
    finish(EXIT.pass);
  });
}

/** What can be said of a device. */
interface Report {
  readonly works: boolean;
  readonly device: string;
  readonly reason: string;
  /** Whether models that do not say otherwise run on it. */
  readonly used?: boolean;
}

/** No table: reasons are long, and a terminal breaks lines where a column would not. */
function line(name: string, { works, device, reason, used = false }: Report): string {
  const texts = works
    ? ['works', device, used ? 'used, as the first of these that works' : '']
    : ['does not work', reason];
  return `${name}: ${texts.filter((text) => text !== '').join(': ')}\n`;
}
