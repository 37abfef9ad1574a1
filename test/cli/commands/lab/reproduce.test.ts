import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { runCli } from '../../../support/run-cli.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

test('a figure at smoke scale is trained, measured, reported, and not done again', async (t) => {
  const out = join(await temporaryFolder(t), 'reproduction');
  const command = [
    'lab',
    'reproduce',
    'fig4a',
    '--scale',
    'smoke',
    '--out',
    out,
    '--threads',
    '1',
    '--progress',
    'none',
  ];
  const first = await runCli(command);
  t.is(first.code, 0, first.stderr);
  t.regex(first.stderr, /train drn-d-22-small s, seed 0/);
  t.regex(first.stdout, /fig4a {2,}1\/1 {2}inconclusive {2}The norm of the joint gradient falls/);
  t.regex(first.stdout, /prove nothing\.\n$/);
  const page = await readFile(join(out, 'report.html'), 'utf8');
  t.regex(page, /<svg/);
  t.regex(page, /prove nothing/);
  t.notRegex(page, new RegExp(out));
  t.regex(await readFile(join(out, 'report.md'), 'utf8'), /n = 4 images, 1 seed, 95 % intervals over images/);
  const second = await runCli(command);
  t.is(second.code, 0);
  t.notRegex(second.stderr, /train/);
  t.is(second.stdout, first.stdout);
  const plan = await runCli([...command, '--dry-run']);
  t.regex(plan.stdout, /train drn-d-22-small s, seed 0 +done\n/);
  t.regex(plan.stdout, /0 of 1 datasets, 0 of 1 models and 0 of 1 cells are missing: about 0\.0 s/);
});

test('a dry run of the paper’s scale says what it needs, and does nothing', async (t) => {
  const folder = await temporaryFolder(t);
  const plan = ['lab', 'reproduce', 'table1', '--scale', 'paper', '--out', join(folder, 'out'), '--dry-run'];
  const without = await runCli(plan);
  t.is(without.code, 0);
  t.regex(without.stdout, /train drn-d-105 sdA, equally, seed 42 +\d+ h\n/);
  t.regex(without.stdout, /4 of 4 models and 10 of 10 cells are missing/);
  t.regex(without.stdout, /cityscapes: expected in a folder of this name below --data, which is not given\n/);
  const { stdout } = await runCli([...plan, '--data', folder]);
  t.true(stdout.includes(`cityscapes: expected in ${join(folder, 'cityscapes')}: not there\n`));
  t.notRegex(stdout, /taskonomy/);
});

test('reports of what is there need no work', async (t) => {
  const out = await temporaryFolder(t);
  const { code, stdout } = await runCli(['lab', 'reproduce', 'all', '--scale', 'small', '--out', out, '--report-only']);
  t.is(code, 0);
  t.regex(stdout, /table2 {2,}0\/156 {2}inconclusive/);
});

for (const [what, args] of [
  ['no scale', ['table1']],
  ['an unknown scale', ['table1', '--scale', 'huge']],
  ['an unknown table', ['table9', '--scale', 'smoke']],
] as const) {
  test(`${what} is wrong usage`, async (t) => {
    t.is((await runCli(['lab', 'reproduce', ...args])).code, 2);
  });
}
