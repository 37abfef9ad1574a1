import { type Gateway, parseGatewayConfig, startGateway } from '../../src/server/index.js';

/** A gateway with its usual configuration, in this process with hosts in their own. */
export interface Served {
  readonly address: string;
  readonly gateway: Gateway;
  /** Resolved when no call is answered and none waits. */
  whenIdle(): Promise<void>;
  close(): Promise<void>;
}

export async function startServed(modelRepository: string, change: object = {}): Promise<Served> {
  const config = parseGatewayConfig({
    modelRepository,
    grpcAddress: '127.0.0.1:0',
    adminAddress: '127.0.0.1:0',
    ...change,
  });
  const quiet = (): void => undefined;
  const gateway = await startGateway(config, { log: { debug: quiet, info: quiet, warn: quiet, error: quiet } });
  return {
    address: gateway.grpcAddress,
    gateway,
    async whenIdle() {
      while (gateway.openCalls() > 0) await new Promise((resolve) => setImmediate(resolve));
    },
    close: () => gateway.close(),
  };
}
