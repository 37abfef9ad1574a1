import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { parse } from 'yaml';
import type { Gateway, GatewayConfig, Logger } from '../server/index.js';
import type { CliContext, TextSink } from './context.js';
import { versionOf } from './package-version.js';

/** A configuration: the text of a file, and what the command line says instead. */
export interface ConfigSource {
  readonly text: string;
  readonly overrides: {
    readonly modelRepository?: string | undefined;
    readonly grpcAddress?: string | undefined;
    readonly adminAddress?: string | undefined;
    readonly replica?: string | undefined;
  };
}

/**
 * Starts a gateway that serves a model repository on free loopback ports; what it logs is told only where it is a problem.
 *
 * @param threads default: the cores that may be used
 * @throws Error. Thrown when there is no such folder.
 */
export async function startLocalGateway(
  models: string,
  { stderr }: Pick<CliContext, 'stderr'>,
  threads?: number,
): Promise<Gateway> {
  // A gateway may wait for its models; a command has nothing to wait for.
  await readdir(models);
  const config = {
    modelRepository: models,
    grpcAddress: '127.0.0.1:0',
    adminAddress: '127.0.0.1:0',
    ...(threads !== undefined && { threads }),
  };
  const { parseGatewayConfig, startGateway } = await import('../server/index.js');
  return await startGateway(parseGatewayConfig(config), { log: problemLog(stderr), version: await versionOf() });
}

/** Runs a gateway until the context's signal is aborted, then drains and closes it. */
export async function runGateway(source: ConfigSource, { signal, stderr }: CliContext): Promise<void> {
  const { startGateway } = await import('../server/index.js');
  const config = await readConfig(source);
  const gateway = await startGateway(config, { log: await jsonLog(config, stderr), version: await versionOf() });
  try {
    stderr.write(`robustgate: gRPC on ${gateway.grpcAddress}, health on http://${gateway.adminAddress}/readyz\n`);
    if (!signal.aborted) await once(signal, 'abort');
    await gateway.drain();
  } finally {
    await gateway.close();
  }
}

/**
 * Judges a configuration, and looks for what it names.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when something is wrong.
 */
export async function checkConfig(source: ConfigSource): Promise<void> {
  const { checkPaths } = await import('../server/index.js');
  await checkPaths(await readConfig(source));
}

/**
 * The configuration that the file and the command line make together, judged by one parser.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when it is no YAML, or something in it is wrong.
 */
export async function readConfig({ text, overrides }: ConfigSource): Promise<GatewayConfig> {
  const { parseGatewayConfig, parseGatewayConfigText } = await import('../server/index.js');
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch {
    return parseGatewayConfigText(text);
  }
  return parseGatewayConfig(typeof value === 'object' ? { ...value, ...given } : value);
}

/** Structured logs on standard error. */
async function jsonLog({ logLevel }: GatewayConfig, stderr: TextSink): Promise<Logger> {
  const { pino } = await import('pino');
  const options = { level: logLevel, serializers: { error: pino.stdSerializers.err } };
  const log = pino(options, { write: (line: string) => void stderr.write(line) });
  return {
    debug: (fields, message) => log.debug(fields, message),
    info: (fields, message) => log.info(fields, message),
    warn: (fields, message) => log.warn(fields, message),
    error: (fields, message) => log.error(fields, message),
  };
}

/** What a person at a terminal should know, in one line each. */
function problemLog(stderr: TextSink): Logger {
  const tell = (fields: object, message: string): void => {
    const { error, reason, ...rest } = fields as Record<string, unknown>;
    const cause = error instanceof Error ? error.message : (reason ?? error);
    const facts = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
    stderr.write(`robustgate: ${[message, ...facts].join(' ')}${cause === undefined ? '' : `: ${cause}`}\n`);
  };
  return { debug: () => undefined, info: () => undefined, warn: tell, error: tell };
}
