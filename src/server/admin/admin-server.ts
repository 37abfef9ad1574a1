import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EngineError } from '../../engine/index.js';

/** HTTP beside gRPC, for those who ask after the gateway's health. */
export interface AdminServer {
  /** `HOST:PORT`. */
  readonly address: string;
  close(): Promise<void>;
}

/** An answer: whether all is well, and a line for people. */
export type Check = () => { readonly isGood: boolean; readonly text: string };

/**
 * Serves `/livez` and `/readyz`: 200 or 503.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when the address cannot be bound.
 */
export async function startAdminServer(
  address: string,
  checks: { readonly livez: Check; readonly readyz: Check },
): Promise<AdminServer> {
  const byPath = new Map(Object.entries(checks).map(([name, check]) => [`/${name}`, check]));
  const server = createServer((request, response) => {
    const check = byPath.get((request.url ?? '').split('?')[0] ?? '');
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const { isGood, text } = isRead && check !== undefined ? check() : { isGood: false, text: 'not found' };
    const code = !isRead ? 405 : check === undefined ? 404 : isGood ? 200 : 503;
    response.writeHead(code, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : `${text}\n`);
  });
  await listen(server, address);
  const { address: host, port, family } = server.address() as AddressInfo;
  return {
    address: family === 'IPv6' ? `[${host}]:${port}` : `${host}:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server: Server, address: string): Promise<void> {
  const split = address.lastIndexOf(':');
  server.listen(Number(address.slice(split + 1)), address.slice(0, split).replace(/^\[|\]$/g, ''));
  try {
    await once(server, 'listening');
  } catch (cause) {
    throw new EngineError(
      'INVALID_CONFIG',
      `expected adminAddress ${address} to be free, got: ${cause}`,
      {},
      { cause },
    );
  }
}
