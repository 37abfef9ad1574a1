import { once } from 'node:events';
import { type AddressInfo, connect as connectTo, createServer, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';

/** What a network does to the connections that go through it; may be changed at any time. */
export interface Faults {
  /** Time that every piece takes on its way, in both directions, in milliseconds. */
  latencyMs?: number;
  /** Most bytes of a piece: frames arrive torn apart. */
  pieceBytes?: number;
  /** Nothing gets through any more, and nobody is told. */
  isSilent?: boolean;
}

export interface FaultProxy {
  /** `HOST:PORT` to connect with. */
  readonly address: string;
  readonly faults: Faults;
  /** Number of connections that are open. */
  readonly connections: number;
  /** Tears every connection down at once, as a crashed machine does. */
  reset(): void;
}

/** A network between a client and a server that can be made worse. Ends with the test. */
export async function faultProxy(
  t: Pick<ExecutionContext, 'teardown'>,
  target: string,
  faults: Faults = {},
): Promise<FaultProxy> {
  const [host, port] = [target.slice(0, target.lastIndexOf(':')), Number(target.slice(target.lastIndexOf(':') + 1))];
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    const upstream = connectTo(port, host);
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      forward(from, to, faults);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reset = (): void => {
    for (const [client, upstream] of pairs) {
      client.resetAndDestroy();
      upstream.resetAndDestroy();
    }
  };
  t.teardown(async () => {
    reset();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    faults,
    get connections() {
      return pairs.size;
    },
    reset,
  };
}

function forward(from: Socket, to: Socket, faults: Faults): void {
  from.setNoDelay(true);
  from.on('data', (bytes) => {
    const size = faults.pieceBytes ?? bytes.length;
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      const send = (): void => {
        if (!faults.isSilent && to.writable) to.write(piece);
      };
      if (faults.latencyMs === undefined) send();
      else setTimeout(send, faults.latencyMs);
    }
    // What cannot be sent yet must not pile up here.
    if (to.writableNeedDrain) {
      from.pause();
      to.once('drain', () => from.resume());
    }
  });
  from.on('end', () => to.end());
}
