import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Client, type ConnectOptions, connect, sslCredentials } from '../clients/index.js';
import { type CliContext, UsageError } from './context.js';
import { startLocalGateway } from './local-gateway.js';
import type { GatewayOptions, ServerOptions } from './options.js';

/**
 * Does something with the gateway that the options name: one that runs, or one that is started for it.
 *
 * @throws UsageError. Thrown when `--local` comes without a model repository.
 */
export async function withGateway<Result>(
  options: GatewayOptions,
  context: CliContext,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  if (options.local !== true) return await withClient(options.server, await identity(options), work);
  if (options.models === undefined) throw new UsageError('expected --models DIR beside --local, got none');
  const gateway = await startLocalGateway(options.models, context, options.threads);
  try {
    context.signal.throwIfAborted();
    return await withClient(gateway.grpcAddress, {}, work);
  } finally {
    await gateway.close();
  }
}

async function withClient<Result>(
  address: string,
  options: ConnectOptions,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = connect(address, { attempts: 3, ...options });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

/**
 * Encryption, and who the caller is.
 *
 * @throws UsageError. Thrown when a certificate comes without its key, or a file cannot be read.
 */
async function identity({ tls, ca, cert, key, tokenFile }: ServerOptions): Promise<ConnectOptions> {
  if ((cert === undefined) !== (key === undefined)) throw new UsageError('expected --cert and --key together, got one');
  const isEncrypted = tls === true || ca !== undefined || cert !== undefined;
  const token = tokenFile === undefined ? undefined : () => bearer(tokenFile);
  token?.(); // a file that is not there is told now
  return {
    ...(isEncrypted && { credentials: sslCredentials(await optional(ca), await optional(key), await optional(cert)) }),
    ...(token && { metadata: token }),
  };
}

const optional = async (path: string | undefined): Promise<Buffer | null> =>
  path === undefined ? null : await readFile(path).catch((cause) => unreadable(path, cause));

function bearer(path: string): { authorization: string } {
  try {
    return { authorization: `Bearer ${readFileSync(path, 'utf8').trim()}` };
  } catch (cause) {
    return unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): never {
  throw new UsageError(`expected a file that can be read in ${path}, got: ${(cause as Error).message}`, { cause });
}
