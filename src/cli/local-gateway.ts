import { once } from 'node:events';
import { parse, stringify } from 'yaml';
import type { CliContext } from './context.js';

/** A gateway in this process. */
export interface LocalGateway {
  readonly grpcAddress: string;
  readonly adminAddress: string;
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** A configuration: the text of a file, and what the command line says instead. */
export interface ConfigSource {
  readonly text: string;
  readonly overrides: Readonly<Record<string, string | undefined>>;
}

/** What `server/run.ts` and `server/config.ts` offer. */
interface ServerModules {
  startGateway(config: unknown, deps?: unknown): Promise<LocalGateway>;
  parseGatewayConfig(text: string): unknown;
}

/** Starts a gateway that serves a model repository on free loopback ports. */
export async function startLocalGateway(models: string): Promise<LocalGateway> {
  return await start({ text: '', overrides: { models, grpcAddress: '127.0.0.1:0', adminAddress: '127.0.0.1:0' } });
}

/** Runs a gateway until the context's signal is aborted, then drains and closes it. */
export async function runGateway(source: ConfigSource, { signal, stderr }: CliContext): Promise<void> {
  const gateway = await start(source);
  try {
    stderr.write(`robustgate: gRPC on ${gateway.grpcAddress}, metrics and health on ${gateway.adminAddress}\n`);
    if (!signal.aborted) await once(signal, 'abort');
    await gateway.drain();
  } finally {
    await gateway.close();
  }
}

/** @throws EngineError `INVALID_CONFIG`. Thrown when something in the configuration is wrong. */
export async function checkConfig({ text, overrides }: ConfigSource): Promise<void> {
  const { parseGatewayConfig } = await loadServer();
  parseGatewayConfig(merged(text, overrides));
}

async function start({ text, overrides }: ConfigSource): Promise<LocalGateway> {
  const { startGateway, parseGatewayConfig } = await loadServer();
  return await startGateway(parseGatewayConfig(merged(text, overrides)));
}

/** The text with the overrides in it, so that one parser judges both. */
function merged(text: string, overrides: ConfigSource['overrides']): string {
  const given = Object.fromEntries(Object.entries(overrides).filter(([, value]) => value !== undefined));
  if (Object.keys(given).length === 0) return text;
  return stringify({ ...(parse(text) as object | null), ...given });
}

async function loadServer(): Promise<ServerModules> {
  const run = await import(new URL('../server/run.js', import.meta.url).href);
  const config = await import(new URL('../server/config.js', import.meta.url).href);
  return { ...run, ...config };
}
