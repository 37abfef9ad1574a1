import { EngineError } from '../../errors.js';
import { parseJson } from '../parse-json.js';
import type { Doubt } from '../result.js';
import type { EvaluationRow, SkippedExample } from '../row.js';
import { type ShardFooter, type ShardHeader, type ShardLine, shardLineSchema } from './shard-line.js';

/** What a shard's file says. */
export interface DecodedShard {
  /** The file, for messages. */
  readonly name: string;
  readonly header: ShardHeader;
  readonly rows: readonly EvaluationRow[];
  readonly skipped: readonly SkippedExample[];
  /** By the place of the attack. */
  readonly doubts: ReadonlyMap<number, readonly Doubt[]>;
  /** `undefined` where the shard is not finished. */
  readonly done: ShardFooter | undefined;
  /** Length of the lines that are whole, in characters: where a resumed run goes on. */
  readonly wholeLength: number;
}

/**
 * Reads a shard's file. A last line without a line feed was cut off while it was written, and does not count.
 *
 * @param name for messages
 * @throws EngineError `INVALID_OPTION`. Thrown when it is no shard, with the line and what was expected there.
 */
export function decodeShard(text: string, name: string): DecodedShard {
  const wholeLength = text.lastIndexOf('\n') + 1;
  const lines = text.slice(0, wholeLength).split('\n').slice(0, -1);
  const [first, ...rest] = lines.map(
    (line, i) => parseJson(line, shardLineSchema, `${name}:${i + 1}`, 'line') as ShardLine,
  );
  const refuse = (expected: string, got: string): never => {
    throw new EngineError('INVALID_OPTION', `${name}: expected ${expected}, got ${got}`);
  };
  if (first?.type !== 'header') return refuse('a shard, which begins with its header', first?.type ?? 'an empty file');
  const misplaced = rest.findIndex(({ type }, i) => type === 'header' || (type === 'done' && i !== rest.length - 1));
  if (misplaced !== -1)
    refuse('nothing after the end, and one header', `\`${rest[misplaced]?.type}\` in line ${misplaced + 2}`);
  const last = rest.at(-1);
  const shard = {
    name,
    header: first.header,
    rows: rest.flatMap((line) => (line.type === 'row' ? [line.row] : [])),
    skipped: rest.flatMap((line) => (line.type === 'skipped' ? [line.skipped] : [])),
    doubts: new Map(rest.flatMap((line) => (line.type === 'doubts' ? [[line.attack, line.doubts] as const] : []))),
    done: last?.type === 'done' ? last.done : undefined,
    wholeLength,
  };
  const { rows, skipped, done } = shard;
  if (done !== undefined && (done.rows !== rows.length || done.skipped !== skipped.length)) {
    refuse(`${done.rows} rows and ${done.skipped} skipped examples`, `${rows.length} and ${skipped.length}`);
  }
  return shard;
}
