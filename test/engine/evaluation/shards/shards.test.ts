import test from 'ava';
import { figureTasks } from '../../../../src/engine/evaluation/figures.js';
import type { EvaluationIdentity } from '../../../../src/engine/evaluation/result.js';
import { type DecodedShard, decodeShard } from '../../../../src/engine/evaluation/shards/decode-shard.js';
import { mergeShards } from '../../../../src/engine/evaluation/shards/merge-shards.js';
import { encodeShardLine, type ShardLine } from '../../../../src/engine/evaluation/shards/shard-line.js';
import { evaluationRow, identityOf, one, rowTask } from '../../../support/evaluation-rows.js';
import { taskInfo } from '../../../support/model-info.js';

const suite = ['fgsm(eps=4)@sum(class=1)', 'fgsm(eps=8)@sum(class=1)'];
const provenance = { programVersion: 'p1', provider: 'cpu' };

interface ShardParts {
  readonly identity?: Partial<EvaluationIdentity>;
  readonly indexes?: readonly number[];
  readonly more?: readonly ShardLine[];
  readonly done?: Partial<Extract<ShardLine, { type: 'done' }>['done']> | false;
}

/** Lines of a shard that evaluated these of four examples. */
function linesOf(index: number, count: number, parts: ShardParts = {}): readonly ShardLine[] {
  const { identity = {}, indexes = [0, 1, 2, 3].filter((i) => i % count === index), more = [], done = {} } = parts;
  const rows = suite.flatMap((_, attack) =>
    indexes.map((i): ShardLine => {
      const tasks = [rowTask('class', one(1), one(0.1 + i), { adversarialLoss: 1 / 3 })];
      return { type: 'row', row: evaluationRow(attack, i, tasks) };
    }),
  );
  const header: ShardLine = {
    type: 'header',
    header: {
      schemaVersion: 1,
      robustgate: '0.1.0',
      identity: identityOf(suite, identity),
      shard: { index, count },
      tasks: figureTasks([taskInfo('class')]),
      startedAt: `2026-01-0${index + 1}T00:00:00.000Z`,
    },
  };
  const lines = [header, ...rows, ...more];
  if (done === false) return lines;
  const of = (type: ShardLine['type']): number => lines.filter((line) => line.type === type).length;
  const footer = { rows: of('row'), skipped: of('skipped'), provenance, durationSeconds: 2, ...done };
  return [...lines, { type: 'done', done: footer }];
}

const textOf = (lines: readonly ShardLine[]): string => lines.map(encodeShardLine).join('');
const shard = (index: number, count: number, parts?: ShardParts): DecodedShard =>
  decodeShard(textOf(linesOf(index, count, parts)), `s${index}`);
const skip = (index: number): ShardLine => ({
  type: 'skipped',
  skipped: { index, key: `key-${index}`, reason: 'gone' },
});

test('what a shard says is read back to the last bit', (t) => {
  const confusion = [0, 3, 0, 0, 1, 0, 0, 0, 2];
  const tasks = [
    rowTask(
      'class',
      { count: 6, sum: 0.1 + 0.2, confusion },
      { count: 1, sum: NaN },
      {
        adversarial8bit: { count: 1, sum: -Infinity },
        broken: true,
      },
    ),
  ];
  const row = evaluationRow(0, 0, tasks, { warnings: [{ reason: 'ZERO_GRADIENT', message: 'ä\n' }] });
  const lines: readonly ShardLine[] = [
    ...linesOf(0, 4, { done: false, indexes: [] }),
    { type: 'row', row },
    skip(2),
    { type: 'doubts', attack: 1, doubts: [{ reason: 'X', message: 'y' }] },
  ];
  const { rows, skipped, doubts, done } = decodeShard(textOf(lines), 's');
  t.deepEqual(rows, [row]);
  t.deepEqual(skipped, [{ index: 2, key: 'key-2', reason: 'gone' }]);
  t.deepEqual([...doubts], [[1, [{ reason: 'X', message: 'y' }]]]);
  t.is(done, undefined);
});

test('a line that was cut off does not count, and it is told where the whole ones end', (t) => {
  const text = textOf(linesOf(0, 2, { done: false }));
  const { rows, wholeLength } = decodeShard(`${text}{"type":"row","ro`, 's');
  t.is(rows.length, 4);
  t.is(wholeLength, text.length);
});

const unreadable: readonly (readonly [title: string, text: string, message: RegExp])[] = [
  ['nothing', '', /^s: expected a shard, which begins with its header, got an empty file/],
  ['no header', textOf([skip(0)]), /^s: expected a shard, which begins with its header, got skipped/],
  ['no JSON', 'hello\n', /^s:1: expected JSON, got hello/],
  ['a line of another form', `${textOf(linesOf(0, 1, { done: false }))}{"type":"skipped"}\n`, /^s:10: skipped: /],
  ['a line after the end', textOf([...linesOf(0, 1), skip(0)]), /^s: expected nothing after the end/],
  [
    'fewer rows than its end says',
    textOf(linesOf(0, 1, { done: { rows: 9 } })),
    /^s: expected 9 rows and 0 skipped examples, got 8 and 0/,
  ],
];
for (const [title, text, message] of unreadable) {
  test(`a file with ${title} is refused`, (t) => {
    t.throws(() => decodeShard(text, 's'), { code: 'INVALID_OPTION', message });
  });
}

test('shards are joined in the order of attacks and examples, in whatever order they come', (t) => {
  const merged = mergeShards([shard(2, 3), shard(0, 3), shard(1, 3)]);
  t.deepEqual(
    merged.rows.map(({ attack, index }) => [attack, index]),
    [0, 1].flatMap((attack) => [0, 1, 2, 3].map((index) => [attack, index])),
  );
  t.like(merged, {
    startedAt: '2026-01-01T00:00:00.000Z',
    durationSeconds: 6,
    provenance: { ...provenance, batchSize: 8 },
  });
  t.deepEqual(merged.rows, mergeShards([shard(0, 1)]).rows);
});

test('an example that was skipped under one attack is left out under all', (t) => {
  const [header, ...rest] = linesOf(0, 1, { done: false });
  const lacking = rest.filter((line) => line.type !== 'row' || line.row.attack === 0 || line.row.index !== 2);
  const done: ShardLine = { type: 'done', done: { rows: 7, skipped: 1, provenance, durationSeconds: 1 } };
  const merged = mergeShards([decodeShard(textOf([header as ShardLine, ...lacking, skip(2), done]), 's')]);
  t.deepEqual(
    merged.rows.map(({ index }) => index),
    [0, 1, 3, 0, 1, 3],
  );
  t.deepEqual(
    merged.skipped.map(({ index }) => index),
    [2],
  );
});

test('an example that was skipped at first and could be read later is none', (t) => {
  const merged = mergeShards([shard(0, 1, { more: [skip(2), skip(2)] })]);
  t.deepEqual([merged.rows.length, merged.skipped.length], [8, 0]);
});

const refused: readonly (readonly [title: string, shards: () => DecodedShard[], message: string])[] = [
  ['none', () => [], 'expected at least one shard, got none'],
  ['missing ones', () => [shard(1, 4)], 'expected 4 shards, got none of 0/4, 2/4, 3/4'],
  [
    'one twice',
    () => [shard(0, 2), shard(0, 2), shard(1, 2)],
    'expected each shard once, got s0 (shard 0/2) and s0 (shard 0/2)',
  ],
  ['one of another count', () => [shard(0, 2), shard(1, 3)], 'expected one of 2 shards, as s0 is, got s1 (shard 1/3)'],
  [
    'one that is not finished',
    () => [shard(0, 2), shard(1, 2, { done: false })],
    'expected finished shards, got s1 (shard 1/2), which ends early: run it again to go on',
  ],
  [
    'one of another evaluation',
    () => [shard(0, 2), shard(1, 2, { identity: { seed: 7 } })],
    'expected seed 0, as in s0, got 7 in s1 (shard 1/2): it is of another evaluation',
  ],
  [
    'one that another device computed',
    () => [shard(0, 2), shard(1, 2, { done: { provenance: { ...provenance, provider: 'cuda' } } })],
    'expected provider cpu, as in s0, got cuda in s1 (shard 1/2): run it again alike',
  ],
  [
    'an example twice',
    () => [shard(0, 2, { indexes: [0, 0, 2] }), shard(1, 2)],
    'expected one row for each example in s0 (shard 0/2), got key-0 twice under attack 0',
  ],
  [
    'an example of another shard',
    () => [shard(0, 2, { indexes: [0, 1, 2] }), shard(1, 2)],
    'expected examples and attacks of s0 (shard 0/2), got example 1 (key-1) under attack 0',
  ],
  [
    'an example that is missing',
    () => [shard(0, 2, { indexes: [0] }), shard(1, 2)],
    'expected a row for every example in s0 (shard 0/2), got none of example 2 under attack 0',
  ],
];
for (const [title, shards, message] of refused) {
  test(`shards with ${title} are refused by name`, (t) => {
    t.throws(() => mergeShards(shards()), { code: 'INVALID_OPTION', message });
  });
}
