import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { runCli } from '../support/run-cli.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('Table 1 at smoke scale: scenes, trainings, joint and balanced attacks, and a report that claims nothing', async (t) => {
  const out = await temporaryFolder(t);
  const { code, stdout, stderr } = await runCli([
    ...['lab', 'reproduce', 'table1', '--scale', 'smoke', '--out', out, '--progress', 'none'],
  ]);
  t.is(code, 0, stderr);
  t.regex(stdout, /table1 {2,}10\/10 {2}inconclusive/);
  t.notRegex(stdout, / reproduced/);
  const report = await readFile(join(out, 'report.md'), 'utf8');
  t.regex(report, /\| Clean \| \d[^|]* \[44\.77\] \| \d[^|]* \[46\.53\] \| \d[^|]* \[45\.82\] \|/);
  t.regex(report, /\| PGD50, balanced \| \d[^|]* \| \d[^|]* \| \d[^|]* \|/);
  t.regex(report, /n = 4 images, 1 seed/);
  t.regex(report, /prove nothing/);
});
