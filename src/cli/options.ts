import { type Command, InvalidArgumentError, Option } from 'commander';
import { wordOf } from './format.js';

/** Where a command finds a gateway that runs. */
export interface ServerOptions {
  readonly server: string;
  readonly timeout?: number;
  readonly tls?: true;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly tokenFile?: string;
}

/** Where a command finds its gateway. */
export interface GatewayOptions extends ServerOptions {
  readonly local?: true;
  readonly models?: string;
  readonly threads?: number;
}

/** Adds `--server`, `--timeout`, and what proves who the caller is. */
export function addServerOptions(command: Command): Command {
  return command
    .option('--server <address>', 'gateway to call', 'localhost:8001')
    .option(
      '--timeout <duration>',
      'give up after this time, e.g. 30s, 5m or 2h (a number alone means seconds)',
      duration,
    )
    .option('--tls', 'encrypt, and believe the certificates that this system believes')
    .option('--ca <file>', 'encrypt, and believe what these certificates (PEM) vouch for')
    .option('--cert <file>', 'client certificate (PEM), with --key')
    .option('--key <file>', 'its private key (PEM)')
    .option('--token-file <file>', 'bearer token to send; read again for every call');
}

/** Adds the options of `addServerOptions`, `--local` and `--models`. */
export function addGatewayOptions(command: Command): Command {
  return addServerOptions(command)
    .option('--local', 'start a gateway in this process instead, on a free port')
    .option('--models <dir>', 'model repository of --local')
    .option('--threads <count>', 'threads of --local (default: the cores that may be used)', integer);
}

/** Adds `--json`. */
export const addJsonOption = (command: Command): Command =>
  command.option('--json', 'print one JSON document instead of tables');

/** A finite number. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError(`expected a number, got ${text}`);
  return value;
}

/** A whole number. */
export function integer(text: string): number {
  const value = number(text);
  if (!Number.isSafeInteger(value)) throw new InvalidArgumentError(`expected a whole number, got ${text}`);
  return value;
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time as milliseconds: `500ms`, `30s`, `5m`, `2h`, `1d`, or seconds. */
function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  const milliseconds = Number(match?.[1]) * (UNITS_MS[match?.[2] ?? 's'] ?? 1000);
  if (!(milliseconds > 0))
    throw new InvalidArgumentError(`expected a time greater than 0 such as 30s or 5m, got ${text}`);
  return milliseconds;
}

/** Collects the values of an option that may be given several times. */
export const repeatable = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];

/** A name and a text, `NAME=TEXT`. */
export type Pair = readonly [name: string, text: string];

/** Collects `NAME=TEXT` options. */
export function pairs(value: string, previous: readonly Pair[] = []): readonly Pair[] {
  const at = value.indexOf('=');
  if (at < 1 || at === value.length - 1) throw new InvalidArgumentError(`expected NAME=VALUE, got ${value}`);
  return [...previous, [value.slice(0, at), value.slice(at + 1)]];
}

/** Collects `NAME` and `NAME=WEIGHT` options. */
export function weighted(
  value: string,
  previous: readonly { task: string; weight?: number }[] = [],
): readonly { task: string; weight?: number }[] {
  const [task = '', ...rest] = value.split('=');
  if (task === '') throw new InvalidArgumentError(`expected NAME or NAME=WEIGHT, got ${value}`);
  return [...previous, rest.length === 0 ? { task } : { task, weight: number(rest.join('=')) }];
}

/** An option whose values are the members of an enum of the contract, in small letters with hyphens. */
export function enumOption(flags: string, description: string, members: Readonly<Record<string, number>>): Option {
  const names = Object.keys(members).filter((name) => name !== 'UNSPECIFIED');
  return new Option(flags, `${description} (${names.map(wordOf).join(', ')})`).argParser((text: string) => {
    const name = names.find((member) => wordOf(member) === text);
    if (name === undefined) throw new InvalidArgumentError(`expected ${names.map(wordOf).join(' or ')}, got ${text}`);
    return members[name];
  });
}

/** Adds an example to the end of the help. */
export const addExample = (command: Command, example: string): Command =>
  command.addHelpText('after', `\nExample:\n  ${example.trim().replaceAll('\n', '\n  ')}`);
