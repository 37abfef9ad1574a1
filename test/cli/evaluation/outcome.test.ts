import test from 'ava';
import { evaluationResult } from '../../../src/cli/evaluation/outcome.js';
import {
  decodeShard,
  type EvaluationRow,
  encodeShardLine,
  isInShard,
  keyedRandom,
  type ShardLine,
} from '../../../src/engine/index.js';

const SUITE = ['pgd(steps=10,eps=4)@sum(depth=1)', 'fgsm(eps=4)@sum(depth=1)'];
const EXAMPLES = 150;

/** Errors whose sums depend on the order in which they are added up. */
function rowOf(attack: number, index: number): EvaluationRow {
  const random = keyedRandom('start', attack, `${index}`, 0);
  const part = (scale: number) => ({ count: 10, sum: scale * random() });
  return {
    attack,
    index,
    key: `k${index}`,
    tasks: [
      { task: 'depth', attacked: true, labelSource: 'request', clean: part(1), adversarial: part(3 ** (index % 30)) },
    ],
    linf: 4,
    l2: 4,
    steps: 10,
    restart: 0,
    terminatedBy: 'completed',
    batchSize: 8,
    warnings: [],
  };
}

const rows = SUITE.flatMap((_, attack) => Array.from({ length: EXAMPLES }, (_, index) => rowOf(attack, index)));

function shardText(index: number, count: number): string {
  const own = rows.filter((row) => isInShard(row.index, { index, count }));
  const identity = {
    model: { name: 'm', version: '1', sha256: 'a' },
    dataset: { name: 'd', kind: 'manifest', digest: 'b', size: EXAMPLES },
    suite: SUITE,
    seed: 0,
    labelFree: false,
    limit: EXAMPLES,
  };
  const task = { name: 'depth', kind: 'depth', labelForm: 'numbers', metric: 'absolute-error', unit: 'm', classes: [] };
  const tasks = [{ ...task, labelForm: 'numbers' as const }];
  const header = {
    schemaVersion: 1 as const,
    robustgate: '0',
    identity,
    shard: { index, count },
    tasks,
    startedAt: '',
  };
  const provenance = { programVersion: '1', provider: 'cpu' };
  const lines: ShardLine[] = [
    { type: 'header', header },
    ...own.map((row): ShardLine => ({ type: 'row', row })),
    { type: 'done', done: { rows: own.length, skipped: 0, provenance, durationSeconds: 1 } },
  ];
  return lines.map(encodeShardLine).join('');
}

const resultOf = (count: number) => {
  // Not in order: shards end when they end.
  const indexes = Array.from({ length: count }, (_, i) => (i * 7 + 3) % count);
  const shards = indexes.map((i) => decodeShard(shardText(i, count), `rows-${i}-of-${count}.ndjson`));
  const { durationSeconds: _seconds, ...rest } = evaluationResult(
    shards,
    ['depth.absolute-error <= 1 @ fgsm'],
    undefined,
  );
  return rest;
};

test('1, 3 and 64 shards give the same figures to the last bit', (t) => {
  const whole = resultOf(1);
  t.is(whole.attacks[0]?.tasks[0]?.examples, EXAMPLES);
  for (const count of [3, 64]) t.is(JSON.stringify(resultOf(count)), JSON.stringify(whole));
});
