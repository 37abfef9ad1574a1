import { type Command, InvalidArgumentError } from 'commander';
import { type CliContext, EXIT, type ExitCode, UsageError } from '../context.js';
import { withGateway } from '../gateway.js';
import { addExample, addServerOptions, repeatable, type ServerOptions } from '../options.js';
import { REAL_PACE } from '../relay/back-off.js';
import { openCursor } from '../relay/cursor.js';
import { relay } from '../relay/relay.js';
import type { EventSink } from '../relay/sink.js';

interface Options extends ServerOptions {
  readonly to: string;
  readonly cursor: string;
  readonly stream?: string;
  readonly subject: string;
  readonly natsCreds?: string;
  readonly secretFile?: string;
  readonly source?: string;
  readonly probe?: string;
  readonly run?: readonly string[];
  readonly skipRejected?: true;
}

/** `robustgate relay`: tells others what happens at a gateway, as CloudEvents. */
export function defineRelay(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  addServerOptions(command)
    .requiredOption('--to <url>', 'where events go: nats://HOST:4222, tls://HOST:4222, https://… or http://…')
    .requiredOption('--cursor <file>', 'file that keeps how far it is; one relay each')
    .option('--stream <name>', 'stream of NATS JetStream that takes the events')
    .option('--subject <prefix>', 'what their subjects begin with', subjectPrefix, 'robustgate')
    .option('--nats-creds <file>', 'NATS credentials; read again for every connection')
    .option('--secret-file <file>', 'secrets that a webhook is signed with, one a line; read again for every event')
    .option('--source <uri>', 'source of the events; //SERVER without')
    .option('--probe <name>', 'only runs of this probe; of all without')
    .option('--run <id>', 'what this run says instead, until it has ended; can be given several times', repeatable)
    .option('--skip-rejected', 'leave out an event that is rejected for good, instead of ending with 3')
    .action(async (options: Options) => {
      await start(options, context);
      finish(EXIT.pass);
    });
  addExample(command, 'robustgate relay --to nats://localhost:4222 --stream ROBUSTGATE --cursor relay.json');
}

function subjectPrefix(text: string): string {
  if (/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(text)) return text;
  throw new InvalidArgumentError(`expected words separated by dots, without blanks, * and >, got ${text}`);
}

async function start(options: Options, context: CliContext): Promise<void> {
  const { probe, run: runs = [], server, timeout } = options;
  if (probe !== undefined && runs.length > 0) throw new UsageError('expected --probe or --run, got both');
  const log = (text: string): void => void context.stderr.write(`robustgate relay: ${text}\n`);
  const signal =
    timeout === undefined ? context.signal : AbortSignal.any([context.signal, AbortSignal.timeout(timeout)]);
  const sink = await sinkOf(options);
  try {
    const cursor = await openCursor(options.cursor, probe ?? null, log);
    await withGateway(options, context, (client) =>
      relay({
        client,
        sink,
        cursor,
        source: options.source ?? sourceOf(server),
        probes: runs.length > 0 ? undefined : { probe },
        runs,
        skipRejected: options.skipRejected === true,
        pace: REAL_PACE,
        log,
        signal,
      }),
    );
  } finally {
    await sink.close();
  }
}

/** A reference to the gateway: the name that gRPC resolves where it is a URI, else one made of `host:port`. */
const sourceOf = (server: string): string => (server.includes(':/') ? server : `//${server}`);

async function sinkOf({ to, stream, subject, natsCreds, secretFile }: Options): Promise<EventSink> {
  const isNats = /^(nats|tls):\/\//.test(to);
  const isWebhook = /^https?:\/\//.test(to);
  // The address is not repeated: a password may be in it.
  if (!isNats && !isWebhook) throw new UsageError('expected nats://, tls://, https:// or http:// in --to');
  if (isNats) {
    if (to.includes('@')) throw new UsageError('expected --to without a password, got one: use --nats-creds');
    if (stream === undefined) throw new UsageError('expected --stream NAME with NATS, got none');
    if (secretFile !== undefined) throw new UsageError('expected --secret-file with https:// only, got it with NATS');
    const { natsSink } = await import('../relay/sinks/nats.js');
    return await natsSink({ servers: to, stream, subjectPrefix: subject, credentialsFile: natsCreds });
  }
  if (stream !== undefined || natsCreds !== undefined) {
    throw new UsageError('expected --stream and --nats-creds with nats:// only, got them with a webhook');
  }
  if (!URL.canParse(to)) throw new UsageError('expected an address in --to, got none');
  const url = new URL(to);
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('expected --to without a password, got one: use --secret-file');
  }
  const { webhookSink } = await import('../relay/sinks/webhook.js');
  return await webhookSink({ url, secretFile, now: Date.now });
}
