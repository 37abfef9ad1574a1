import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import test from 'ava';
import { ERROR_CODES } from '../../../src/engine/index.js';
import { STATUS_OF } from '../../../src/server/grpc/status.js';
import { root } from '../../support/street.js';

const rows = readFileSync(join(root, 'docs/ERRORS.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('docs/ERRORS.md explains every code, once and in order, and no other', (t) => {
  t.deepEqual(
    rows.map(([, code]) => code?.replaceAll('`', '')),
    [...ERROR_CODES],
  );
  t.deepEqual([...ERROR_CODES].toSorted(), [...ERROR_CODES]);
});

for (const [, cell = '', name = '', meaning = '', remedy = ''] of rows) {
  const code = cell.replaceAll('`', '') as (typeof ERROR_CODES)[number];
  test(`docs/ERRORS.md gives ${code} its status, a meaning and something to do`, (t) => {
    t.is(status[STATUS_OF[code]], name);
    t.true(meaning.length > 10 && remedy.length > 5);
  });
}
