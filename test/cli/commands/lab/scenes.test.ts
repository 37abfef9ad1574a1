import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { LAB_COMMANDS } from '../../../../src/cli/commands/lab/lab.js';
import { runCli } from '../../../support/run-cli.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

test('lab alone is wrong usage, and lists its commands', async (t) => {
  const { code, stderr } = await runCli(['lab']);
  t.is(code, 2);
  for (const name of Object.keys(LAB_COMMANDS)) t.regex(stderr, new RegExp(`^ {2}${name} `, 'm'));
});

test('lab scenes writes scenes, and keeps those that are there', async (t) => {
  const root = await temporaryFolder(t);
  const words = ['lab', 'scenes', '--kind', 'indoor', '--size', '16x16', '--split', 'val', '--out', root];
  const first = await runCli([...words, '--count', '1']);
  t.is(first.code, 0, first.stderr);
  t.regex(first.stdout, /^1 scenes written to .* \(val, 16x16\) in [\d.]+ s, 0 kept\n$/);
  const second = await runCli([...words, '--count', '2', '--json']);
  t.like(JSON.parse(second.stdout).scenes, { kind: 'indoor', split: 'val', seed: 0, height: 16, count: 2, kept: 1 });
  t.regex(second.stderr, /"phase":"drawing","fraction":0\.5/);
  t.is((await readdir(join(root, 'normal'))).length, 2);
});

const wrong = test.macro(async (t, words: readonly string[], message: RegExp) => {
  const out = join(await temporaryFolder(t), 'scenes');
  const { code, stdout, stderr } = await runCli(['lab', 'scenes', '--out', out, ...words]);
  t.is(code, 2);
  t.is(stdout, '');
  t.regex(stderr, message);
});
test('no kind is wrong usage', wrong, ['--count', '1'], /--kind <kind>/);
test('another kind is wrong usage', wrong, ['--kind', 'sea', '--count', '1'], /street, indoor/);
test('a count of 0 is wrong usage', wrong, ['--kind', 'street', '--count', '0'], /at least 1, got 0/);
test(
  'a size of words is wrong usage',
  wrong,
  ['--kind', 'street', '--count', '1', '--size', 'big'],
  /HEIGHTxWIDTH.*got big/,
);
test(
  'a size that is too small is wrong usage',
  wrong,
  ['--kind', 'street', '--count', '1', '--size', '8x8'],
  /16 … 2048 pixels, got 8x8/,
);

test('an interrupt ends it with the exit code of infrastructure', async (t) => {
  const out = await temporaryFolder(t);
  const { code, stderr } = await runCli(['lab', 'scenes', '--kind', 'street', '--count', '9', '--out', out], {
    signal: AbortSignal.abort(),
  });
  t.is(code, 3);
  t.regex(stderr, /INTERRUPTED/);
});
