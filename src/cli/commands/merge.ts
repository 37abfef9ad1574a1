import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import { type DecodedShard, decodeShard } from '../../engine/index.js';
import { type CliContext, type ExitCode, UsageError } from '../context.js';
import { concludeEvaluation, type OutcomeOptions } from '../evaluation/outcome.js';
import { addOutcomeOptions, notNegative } from '../evaluation/outcome-options.js';
import { addExample } from '../options.js';

interface Options extends OutcomeOptions {
  readonly waitFor?: number;
  readonly timeout: number;
}

/** `robustgate merge`: the figures of all shards of an evaluation. */
export function defineMerge(command: Command, context: CliContext, finish: (code: ExitCode) => void): void {
  command
    .argument('<shards...>', 'files of shards (rows-0-of-3.ndjson …), or folders with them')
    .option('--wait-for <count>', 'wait until so many shards are finished', notNegative)
    .option('--timeout <seconds>', 'how long to wait for them', notNegative, 3600);
  addOutcomeOptions(command);
  addExample(command, 'robustgate merge evaluation --wait-for 3 --timeout 600 --out evaluation');
  command.action(async (places: readonly string[], options: Options) => {
    finish(await concludeEvaluation(await shardsOf(places, options, context), options, context));
  });
}

const POLL_MS = 1000;

async function shardsOf(
  places: readonly string[],
  { waitFor, timeout }: Options,
  { signal }: CliContext,
): Promise<readonly DecodedShard[]> {
  const giveUpAt = performance.now() + timeout * 1000;
  while (true) {
    const shards = await readShards(places, waitFor !== undefined);
    const finished = shards.filter(({ done }) => done !== undefined).length;
    if (waitFor === undefined || finished >= waitFor) return shards;
    if (performance.now() >= giveUpAt) {
      const open = shards.filter(({ done }) => done === undefined).map(({ name }) => name);
      const rest = open.length === 0 ? '' : `; not finished: ${open.join(', ')}`;
      throw new Error(`expected ${waitFor} finished shards within ${timeout} s, got ${finished}${rest}`);
    }
    await delay(Math.min(POLL_MS, Math.max(1, giveUpAt - performance.now())), undefined, { signal });
  }
}

/** @throws UsageError. Thrown when there is no shard, unless somebody waits for them. */
async function readShards(places: readonly string[], isWaiting: boolean): Promise<readonly DecodedShard[]> {
  const paths = (await Promise.all(places.map((place) => filesAt(place, isWaiting)))).flat();
  if (paths.length === 0 && !isWaiting) {
    throw new UsageError(`expected files of shards, rows-0-of-3.ndjson and so on, in ${places.join(', ')}, got none`);
  }
  const texts = await Promise.all(paths.map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
  // A shard that just begins has no header yet.
  const begun = isWaiting ? texts.filter(({ text }) => text.includes('\n')) : texts;
  return begun.map(({ path, text }) => decodeShard(text, path));
}

async function filesAt(place: string, isWaiting: boolean): Promise<readonly string[]> {
  const found = await stat(place).catch((error: NodeJS.ErrnoException) => {
    if (isWaiting && error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return [];
  if (!found.isDirectory()) return [place];
  const names = (await readdir(place)).filter((name) => /^rows-\d+-of-\d+\.ndjson$/.test(name));
  return names.sort().map((name) => join(place, name));
}
