import { EngineError } from '../../errors.js';
import type { FigureTask } from '../figures.js';
import { identityDifferences } from '../identity.js';
import { isInShard } from '../plan.js';
import type { Doubt, EvaluationIdentity } from '../result.js';
import type { EvaluationRow, SkippedExample } from '../row.js';
import type { DecodedShard } from './decode-shard.js';

/** All rows of an evaluation. */
export interface MergedEvaluation {
  readonly identity: EvaluationIdentity;
  readonly tasks: readonly FigureTask[];
  /** In the order of attacks and examples. */
  readonly rows: readonly EvaluationRow[];
  /** In the order of examples. */
  readonly skipped: readonly SkippedExample[];
  readonly doubts: ReadonlyMap<number, readonly Doubt[]>;
  readonly provenance: { readonly programVersion: string; readonly provider: string; readonly batchSize: number };
  /** When the first shard began. */
  readonly startedAt: string;
  /** Of all shards, one after the other. */
  readonly durationSeconds: number;
}

/**
 * Joins the shards of one evaluation, in whatever order they come. An example that could not be had for some attack is left
 * out for all of them, so that attacks are compared on the same examples.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when a shard is missing, doubled, not finished or of another evaluation, when an
 *   example is missing, doubled or not the shard's, or when shards were computed by different programs; the message names it.
 */
export function mergeShards(shards: readonly DecodedShard[]): MergedEvaluation {
  const [first] = shards;
  if (first === undefined) return refuse('at least one shard', 'none');
  for (const shard of shards) checkSame(first, shard);
  checkComplete(first, shards);
  for (const shard of shards) checkExamples(shard);
  const { identity, tasks } = first.header;
  const skipped = skippedOf(identity, shards);
  const gone = new Set(skipped.map(({ index }) => index));
  const rows = shards
    .flatMap((shard) => shard.rows)
    .filter(({ index }) => !gone.has(index))
    .toSorted((a, b) => a.attack - b.attack || a.index - b.index);
  const { provenance } = shards.map(({ done }) => done).find((done) => done?.provenance !== undefined) ?? {};
  return {
    identity,
    tasks,
    rows,
    skipped,
    doubts: new Map(shards.flatMap(({ doubts }) => [...doubts])),
    provenance: {
      programVersion: provenance?.programVersion ?? '',
      provider: provenance?.provider ?? '',
      batchSize: rows[0]?.batchSize ?? 0,
    },
    startedAt: shards.map(({ header }) => header.startedAt).toSorted()[0] ?? '',
    durationSeconds: shards.reduce((sum, { done }) => sum + (done?.durationSeconds ?? 0), 0),
  };
}

function refuse(expected: string, got: string): never {
  throw new EngineError('INVALID_OPTION', `expected ${expected}, got ${got}`);
}

const called = ({ name, header: { shard } }: DecodedShard): string => `${name} (shard ${shard.index}/${shard.count})`;

/** All shards must be parts of one evaluation, computed alike. */
function checkSame(first: DecodedShard, shard: DecodedShard): void {
  const [difference] = identityDifferences(first.header.identity, shard.header.identity);
  if (difference !== undefined) {
    const { field, expected, got } = difference;
    refuse(`${field} ${expected}, as in ${first.name}`, `${got} in ${called(shard)}: it is of another evaluation`);
  }
  const count = first.header.shard.count;
  if (shard.header.shard.count !== count) refuse(`one of ${count} shards, as ${first.name} is`, called(shard));
  const [one, other] = [first.done?.provenance, shard.done?.provenance];
  for (const field of ['programVersion', 'provider'] as const) {
    if (one === undefined || other === undefined || one[field] === other[field]) continue;
    refuse(`${field} ${one[field]}, as in ${first.name}`, `${other[field]} in ${called(shard)}: run it again alike`);
  }
}

function checkComplete({ header: { shard } }: DecodedShard, shards: readonly DecodedShard[]): void {
  const seen = new Map<number, DecodedShard>();
  for (const one of shards) {
    const { index } = one.header.shard;
    const other = seen.get(index);
    if (other !== undefined) refuse('each shard once', `${called(other)} and ${called(one)}`);
    seen.set(index, one);
    if (one.done === undefined) refuse('finished shards', `${called(one)}, which ends early: run it again to go on`);
  }
  const missing = Array.from({ length: shard.count }, (_, i) => i).filter((i) => !seen.has(i));
  if (missing.length > 0) {
    refuse(`${shard.count} shards`, `none of ${missing.map((i) => `${i}/${shard.count}`).join(', ')}`);
  }
}

/** Every example of the shard has a row for every attack, or is skipped. */
function checkExamples(shard: DecodedShard): void {
  const { identity } = shard.header;
  const seen = new Set<string>();
  for (const { attack, index, key } of shard.rows) {
    const place = `${attack}/${index}`;
    const isKnown = attack < identity.suite.length && index < identity.limit && isInShard(index, shard.header.shard);
    if (!isKnown)
      refuse(`examples and attacks of ${called(shard)}`, `example ${index} (${key}) under attack ${attack}`);
    if (seen.has(place)) refuse(`one row for each example in ${called(shard)}`, `${key} twice under attack ${attack}`);
    seen.add(place);
  }
  const skipped = new Set(shard.skipped.map(({ index }) => index));
  for (let index = shard.header.shard.index; index < identity.limit; index += shard.header.shard.count) {
    const missing = identity.suite.findIndex((_, attack) => !seen.has(`${attack}/${index}`));
    if (missing === -1 || skipped.has(index)) continue;
    refuse(`a row for every example in ${called(shard)}`, `none of example ${index} under attack ${missing}`);
  }
}

/** Examples that lack rows. One that was skipped at first and could be had when the run was resumed is none. */
function skippedOf({ suite }: EvaluationIdentity, shards: readonly DecodedShard[]): readonly SkippedExample[] {
  const counts = new Map<number, number>();
  for (const { index } of shards.flatMap(({ rows }) => rows)) counts.set(index, (counts.get(index) ?? 0) + 1);
  const byIndex = new Map(shards.flatMap(({ skipped }) => skipped.map((one) => [one.index, one] as const)));
  return [...byIndex.values()]
    .filter(({ index }) => (counts.get(index) ?? 0) < suite.length)
    .toSorted((a, b) => a.index - b.index);
}
