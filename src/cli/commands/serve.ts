import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type CliContext, EXIT, type ExitCode } from '../context.js';
import { checkConfig, runGateway } from '../local-gateway.js';
import { addExample } from '../options.js';

interface Options {
  readonly config?: string;
  readonly models?: string;
  readonly grpcAddress?: string;
  readonly adminAddress?: string;
  readonly replica?: string;
  readonly checkConfig?: true;
}

/** `robustgate serve`: runs the gateway until it is told to stop, then drains it. */
export function defineServe(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command
    .option('--config <file>', 'configuration (YAML); the options below override it')
    .option('--models <dir>', 'model repository')
    .option('--grpc-address <host:port>', 'where gRPC listens')
    .option('--admin-address <host:port>', 'where /livez, /readyz and /metrics are')
    .option('--replica <name>', 'name among its replicas; an IP address will do, with hyphens for its dots and colons')
    .option('--check-config', 'check the configuration, and that its datasets are there, and exit');
  addExample(command, 'robustgate serve --models demo/models --grpc-address localhost:8001');
  command.action(async (options: Options) => {
    const text = options.config === undefined ? '' : await readFile(options.config, 'utf8');
    const { models, grpcAddress, adminAddress } = options;
    // A pod knows its address from outside; cluster DNS has it with hyphens, as a name of an endpoint.
    const replica = options.replica?.replaceAll(/[.:]/g, '-');
    const source = { text, overrides: { modelRepository: models, grpcAddress, adminAddress, replica } };
    if (options.checkConfig) {
      await checkConfig(source);
      context.stdout.write('the configuration is valid\n');
    } else await runGateway(source, context);
    finish(EXIT.pass);
  });
}
