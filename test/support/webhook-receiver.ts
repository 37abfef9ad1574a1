import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { ExecutionContext } from 'ava';

/** A request that came. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What a receiver answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Breaks the connection instead. */
  readonly isBroken?: boolean;
}

export interface WebhookReceiver {
  readonly url: URL;
  readonly received: readonly Received[];
}

/**
 * A real HTTP server until the test is over.
 *
 * @param answer what to answer to a request, counted from 0 on; may wait
 */
export async function webhookReceiver(
  t: Pick<ExecutionContext, 'teardown'>,
  answer: (index: number, request: Received) => Answer | Promise<Answer>,
): Promise<WebhookReceiver> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const entry = { headers: request.headers, body: Buffer.concat(parts).toString() };
    received.push(entry);
    const { status, headers, isBroken } = await answer(received.length - 1, entry);
    if (isBroken) request.socket.destroy();
    else response.writeHead(status, headers).end('thank you');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return { url: new URL(`http://127.0.0.1:${port}/hook`), received };
}
