import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EngineError } from '../../engine/index.js';

/** HTTP beside gRPC, for those who ask after the gateway's health. */
export interface AdminServer {
  /** `HOST:PORT`. */
  readonly address: string;
  close(): Promise<void>;
}

/** A page for machines. */
export interface Page {
  readonly contentType: string;
  readonly text: string;
}

/** An answer: whether all is well, and a line for people. */
export type Check = () => { readonly isGood: boolean; readonly text: string };

export interface AdminPages {
  readonly livez: Check;
  readonly readyz: Check;
  /** @param accept what the reader takes, as HTTP says it */
  metrics(accept: string): Promise<Page>;
}

/**
 * Serves `/livez` and `/readyz`, 200 or 503, and `/metrics`.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when the address cannot be bound.
 */
export async function startAdminServer(address: string, pages: AdminPages): Promise<AdminServer> {
  const server = createServer((request, response) => {
    const failed = (): Answer => plain(500, 'internal error');
    void answer(request, pages)
      .catch(failed)
      .then(({ code, contentType, text }) => {
        response.writeHead(code, { 'content-type': contentType, 'cache-control': 'no-store' });
        response.end(request.method === 'HEAD' ? undefined : text);
      });
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

interface Answer extends Page {
  readonly code: number;
}

const plain = (code: number, text: string): Answer => ({
  code,
  contentType: 'text/plain; charset=utf-8',
  text: `${text}\n`,
});

async function answer({ method, url, headers }: IncomingMessage, pages: AdminPages): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return plain(405, 'not found');
  const checked = (check: Check): Answer => {
    const { isGood, text } = check();
    return plain(isGood ? 200 : 503, text);
  };
  switch ((url ?? '').split('?')[0]) {
    case '/livez':
      return checked(pages.livez);
    case '/readyz':
      return checked(pages.readyz);
    case '/metrics':
      return { code: 200, ...(await pages.metrics(headers.accept ?? '')) };
    default:
      return plain(404, 'not found');
  }
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
