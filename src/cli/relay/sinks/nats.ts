import { readFile } from 'node:fs/promises';
import type { JetStreamClient } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { UsageError } from '../../context.js';
import type { CloudEvent } from '../cloud-event.js';
import { type EventSink, SinkError } from '../sink.js';

export interface NatsOptions {
  /** `nats://host:4222` or `tls://host:4222`, without passwords; several, separated by commas, are those of one cluster. */
  readonly servers: string;
  /** Name of the stream that must take the events. */
  readonly stream: string;
  /** What subjects begin with instead of `robustgate`. */
  readonly subjectPrefix: string;
  /** File of NATS credentials (`.creds`), read again for each connection. Default: none. */
  readonly credentialsFile?: string | undefined;
  /** Time for one try, connecting included. Default: 10 s. */
  readonly timeoutMs?: number;
}

/** The subject of an event: its type with another beginning. */
export const subjectOf = ({ type }: Pick<CloudEvent, 'type'>, prefix: string): string =>
  type.replace(/^robustgate(?=\.)/, () => prefix);

/**
 * Publishes events to a stream of NATS JetStream, in the structured mode of the CloudEvents binding; `Nats-Msg-Id` is the id of the
 * event, by which the stream drops what it has already.
 *
 * @throws UsageError. Thrown when the file of credentials cannot be read.
 * @throws Error. Thrown when the packages of NATS are not installed.
 */
export async function natsSink(options: NatsOptions): Promise<EventSink> {
  const { servers, stream, subjectPrefix, credentialsFile, timeoutMs = 10_000 } = options;
  const { transport, jetstream } = await loadNats();
  const readCredentials = async (): Promise<Uint8Array | undefined> =>
    credentialsFile === undefined ? undefined : await readFile(credentialsFile);
  await readCredentials().catch((cause) => {
    const text = `expected NATS credentials in ${credentialsFile}, got: ${(cause as Error).message}`;
    throw new UsageError(text, { cause });
  });
  const connect = async (): Promise<NatsConnection> => {
    const credentials = await readCredentials();
    return await transport.connect({
      servers: servers.split(','),
      name: 'robustgate relay',
      // While its own reconnection lasts, the package keeps in memory what is sent: a try that fails is sent again by the relay.
      reconnect: false,
      timeout: timeoutMs,
      // The package does not read the scheme: without this `tls://` would be in clear text where the server does not ask for more.
      ...(servers.startsWith('tls:') && { tls: {} }),
      ...(credentials && { authenticator: transport.credsAuthenticator(credentials) }),
    });
  };
  // One for all: several streams may send at the same time.
  let connecting: Promise<NatsConnection> | undefined;
  const connected = async (): Promise<JetStreamClient> => {
    const attempt = connecting ?? connect();
    connecting = attempt;
    const forget = (): void => {
      if (connecting === attempt) connecting = undefined;
    };
    const connection = await attempt.catch((error: unknown) => {
      forget();
      throw error;
    });
    if (!connection.isClosed()) return jetstream.jetstream(connection);
    forget();
    return await connected();
  };
  return {
    name: servers,
    async publish(event, signal) {
      const headers = transport.headers();
      headers.set('content-type', 'application/cloudevents+json; charset=utf-8');
      const publishing = async (): Promise<void> => {
        const publisher = await connected();
        await publisher.publish(subjectOf(event, subjectPrefix), JSON.stringify(event), {
          msgID: event.id,
          expect: { streamName: stream },
          headers,
          timeout: timeoutMs,
        });
      };
      await unlessAborted(publishing(), signal).catch((cause) => {
        throw sinkErrorOf(cause, options);
      });
    },
    close: async () => {
      // One that is being made would keep the process alive.
      await connecting?.then(
        (connection) => connection.close(),
        () => undefined,
      );
    },
  };
}

/** They are optional: loaded when events go to NATS. */
async function loadNats() {
  try {
    const [transport, jetstream] = await Promise.all([import('@nats-io/transport-node'), import('@nats-io/jetstream')]);
    return { transport, jetstream };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    const text = 'expected the packages of NATS, got none: npm install @nats-io/transport-node@3 @nats-io/jetstream@3';
    throw new Error(text, { cause });
  }
}

async function unlessAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let stop = (): void => undefined;
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** JetStream's answers that another try does not change: a message too large (10054), a stream that does not match (10060). */
const PERMANENT_CODES: readonly number[] = [10054, 10060];

function sinkErrorOf(cause: unknown, { stream, subjectPrefix }: NatsOptions): SinkError {
  const { name, message, code } = cause as Error & { readonly code?: unknown };
  if (name === 'JetStreamNotEnabled') {
    const text = `expected a stream for ${subjectPrefix}.>, got none: nats stream add ${stream} --subjects '${subjectPrefix}.>'`;
    return new SinkError(text, { isPermanent: false }, { cause });
  }
  const isPermanent =
    (typeof code === 'number' && PERMANENT_CODES.includes(code)) ||
    ['PermissionViolationError', 'InvalidSubjectError', 'InvalidArgumentError'].includes(name);
  return new SinkError(`expected the stream ${stream} to take an event, got: ${message}`, { isPermanent }, { cause });
}
