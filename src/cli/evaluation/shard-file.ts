import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  type DecodedShard,
  decodeShard,
  type EvaluationRow,
  encodeShardLine,
  identityDifferences,
  type Shard,
  type ShardHeader,
  type ShardLine,
} from '../../engine/index.js';
import { UsageError } from '../context.js';

/** Name of a shard's file in the folder of its evaluation. */
export const shardFileName = ({ index, count }: Shard): string => `rows-${index}-of-${count}.ndjson`;

/** A shard that is being written, line after line. */
export interface ShardFile {
  /** Rows of this run and of those before it. */
  readonly rows: readonly EvaluationRow[];
  /** Whether nothing is left to do. */
  readonly isFinished: boolean;
  hasRow(attack: number, index: number): boolean;
  hasDoubts(attack: number): boolean;
  append(lines: readonly ShardLine[]): Promise<void>;
  /** Writes the last line. */
  finish(provenance: { programVersion: string; provider: string } | undefined, durationSeconds: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the file of a shard, and goes on where an earlier run of the same evaluation stopped: a last line that was cut off is
 * written again. A finished shard in which examples were skipped is opened too, for they may be there now.
 *
 * @throws UsageError. Thrown when the file holds another evaluation; the message says what differs.
 */
export async function openShardFile(path: string, header: ShardHeader): Promise<ShardFile> {
  await mkdir(dirname(path), { recursive: true });
  const earlier = await readEarlier(path, header);
  const state = {
    rows: [...(earlier?.rows ?? [])],
    skipped: earlier?.skipped.length ?? 0,
    provenance: earlier?.done?.provenance,
    seconds: earlier?.done?.durationSeconds ?? 0,
  };
  const isFinished = earlier?.done !== undefined && state.skipped === 0;
  const places = new Set(state.rows.map(({ attack, index }) => `${attack}/${index}`));
  const doubted = new Set(earlier?.doubts.keys());
  const file = await open(path, earlier === undefined ? 'w' : 'r+');
  const writer = lineWriter(file, isFinished ? undefined : (earlier?.keptBytes ?? 0));
  if (earlier === undefined) await writer([encodeShardLine({ type: 'header', header })]);
  else if (!isFinished) await file.truncate(earlier.keptBytes);
  return {
    rows: state.rows,
    isFinished,
    hasRow: (attack, index) => places.has(`${attack}/${index}`),
    hasDoubts: (attack) => doubted.has(attack),
    async append(lines) {
      await writer(lines.map(encodeShardLine));
      for (const line of lines) {
        if (line.type === 'row') state.rows.push(line.row);
        if (line.type === 'skipped') state.skipped++;
      }
    },
    async finish(provenance, durationSeconds) {
      const done = {
        rows: state.rows.length,
        skipped: state.skipped,
        provenance: provenance ?? state.provenance,
        durationSeconds: state.seconds + durationSeconds,
      };
      await writer([encodeShardLine({ type: 'done', done })]);
    },
    close: () => file.close(),
  };
}

/** Writes lines at the end, on disk before it returns; a shard that is finished takes none. */
function lineWriter(file: FileHandle, start: number | undefined): (lines: readonly string[]) => Promise<void> {
  let position = start ?? 0;
  return async (lines) => {
    if (start === undefined) throw new Error('expected no further line of a finished shard, got one');
    const bytes = Buffer.from(lines.join(''));
    await file.write(bytes, 0, bytes.length, position);
    await file.datasync();
    position += bytes.length;
  };
}

interface EarlierShard extends DecodedShard {
  /** Size of what is kept of the file: whole lines, without the last one of a finished shard. */
  readonly keptBytes: number;
}

async function readEarlier(path: string, header: ShardHeader): Promise<EarlierShard | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  // Not even the header was whole: nothing is lost.
  if (!text.includes('\n')) return undefined;
  const shard = decodeShard(text, path);
  const [difference] = identityDifferences(shard.header.identity, header.identity);
  if (difference !== undefined) {
    const { field, expected, got } = difference;
    throw new UsageError(
      `expected ${field} ${expected}, as in ${path}, got ${got}: that file holds another evaluation; take another --out, or delete it`,
    );
  }
  const whole = text.slice(0, shard.wholeLength);
  const kept = shard.done === undefined ? whole : whole.slice(0, whole.lastIndexOf('\n', whole.length - 2) + 1);
  return { ...shard, keptBytes: Buffer.byteLength(kept) };
}
