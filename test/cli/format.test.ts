import test from 'ava';
import { enumName, formatTable, metricText, numberText, secondsOf } from '../../src/cli/format.js';
import { jsonDocument, plain } from '../../src/cli/json.js';
import { RunPhase } from '../../src/clients/index.js';

test('tables align words to the left and numbers to the right', (t) => {
  const table = formatTable(
    ['name', 'value', 'note'],
    [
      ['a', '1.5', 'x'],
      ['long', '10', ''],
    ],
    [0, 2],
  );
  t.is(table, ['name  value  note', '────  ─────  ────', 'a       1.5  x', 'long     10', ''].join('\n'));
});

const told = test.macro((t, value: number, text: string) => t.is(numberText(value), text));
for (const [value, text] of [
  [0, '0.0000'],
  [0.63125, '0.6312'],
  [-1.5, '-1.5000'],
  [12.3456, '12.346'],
  [123.456, '123.46'],
  [4096, '4096.0'],
  [123456, '1.235e+5'],
  [0.00025, '2.500e-4'],
  [Number.NaN, 'NaN'],
] as const) {
  test(`${value} is told as ${text}`, told, value, text);
}

test('a metric that counts nothing has no value', (t) => {
  t.is(metricText(undefined), '–');
  t.is(metricText({ value: undefined }), '–');
  t.is(metricText({ value: 0.5 }), '0.5000');
});

test('times are told in the unit that suits them', (t) => {
  t.deepEqual([0.04, 9.96, 59, 119, 150, 9000].map(secondsOf), ['0.0 s', '10.0 s', '59 s', '119 s', '3 min', '3 h']);
});

test('members of enums have names, others their numbers', (t) => {
  t.is(enumName(RunPhase, RunPhase.ATTACKING), 'ATTACKING');
  t.is(enumName(RunPhase, 99), '99');
});

test('messages become plain values', (t) => {
  const message = {
    phase: RunPhase.QUEUED,
    count: 7n,
    cosine: [1, Number.NaN],
    data: Uint8Array.of(1),
    missing: undefined,
    shape: [3n, 64n],
    nested: { terminatedBy: 3, value: 0 },
    field: 'attack.steps',
  };
  const expected = {
    phase: 'QUEUED',
    count: 7,
    cosine: [1, null],
    shape: [3, 64],
    nested: { terminatedBy: 'DEADLINE', value: 0 },
    field: 'attack.steps',
  };
  t.deepEqual(plain(message), expected);
  t.deepEqual(JSON.parse(jsonDocument(message)), expected);
});
