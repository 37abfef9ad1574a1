import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import type { ExecutionContext } from 'ava';
import { freePort } from './free-port.js';
import { temporaryFolder } from './temporary-folder.js';

/** Why tests with a real NATS server cannot be run; `undefined` where they can. */
export function whyNatsMissing(): string | undefined {
  try {
    execFileSync('nats-server', ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'nats-server is not installed: apt-get install nats-server';
  }
}

export interface NatsServer {
  readonly url: string;
  /** Ends the process without a word. */
  kill(): Promise<void>;
  /** Starts it again, on the same port with the same files. */
  start(): Promise<void>;
  /** Does something with its streams. */
  manage<Result>(work: (manager: JetStreamManager) => Promise<Result>): Promise<Result>;
}

/** A message that a stream holds. */
export interface StreamMessage {
  readonly subject: string;
  readonly id: string;
  readonly event: { readonly id: string; readonly type: string; readonly data: Readonly<Record<string, unknown>> };
}

/** Starts a real NATS server with JetStream on a free port, with its files in a temporary folder, until the test ends. */
export async function startNats(t: Pick<ExecutionContext, 'teardown'>): Promise<NatsServer> {
  const folder = await temporaryFolder(t);
  const port = await freePort();
  const url = `nats://127.0.0.1:${port}`;
  const spawned = () =>
    spawn('nats-server', ['--addr', '127.0.0.1', '--port', `${port}`, '--jetstream', '--store_dir', folder], {
      stdio: 'ignore',
    });
  let child = spawned();
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  t.teardown(kill);
  await untilListening(port);
  return {
    url,
    kill,
    async start() {
      child = spawned();
      await untilListening(port);
    },
    async manage(work) {
      const connection = await connect({ servers: url });
      try {
        return await work(await jetstreamManager(connection));
      } finally {
        await connection.close();
      }
    },
  };
}

/** All that a stream holds, in order. */
export async function messagesOf(server: NatsServer, stream: string): Promise<readonly StreamMessage[]> {
  return await server.manage(async ({ streams }) => {
    const { state } = await streams.info(stream);
    const messages: StreamMessage[] = [];
    for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
      const message = await streams.getMessage(stream, { seq });
      if (message === null) continue;
      messages.push({ subject: message.subject, id: message.header.get('Nats-Msg-Id'), event: message.json() });
    }
    return messages;
  });
}

async function untilListening(port: number): Promise<void> {
  for (const endMs = performance.now() + 30_000; performance.now() < endMs; await pause(20)) {
    const socket = connectSocket(port, '127.0.0.1');
    const isThere = await once(socket, 'data').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isThere) return;
  }
  throw new Error('expected nats-server to listen within 30 s');
}
