import { type Client, connect } from '../clients/index.js';
import { type CliContext, UsageError } from './context.js';
import { startLocalGateway } from './local-gateway.js';
import type { GatewayOptions } from './options.js';

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
  if (options.local !== true) return await withClient(options.server, work);
  if (options.models === undefined) throw new UsageError('expected --models DIR beside --local, got none');
  const gateway = await startLocalGateway(options.models, context);
  try {
    context.signal.throwIfAborted();
    return await withClient(gateway.grpcAddress, work);
  } finally {
    await gateway.close();
  }
}

/** Does something with a gateway that runs. */
export async function withClient<Result>(address: string, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = connect(address, { attempts: 3 });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
