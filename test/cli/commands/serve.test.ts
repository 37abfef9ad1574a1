import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { runCli } from '../../support/run-cli.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const named = test.macro(async (t, replica: string, code: number, message: RegExp) => {
  const config = join(await temporaryFolder(t), 'gateway.yaml');
  await writeFile(config, `modelRepository: ${join(config, '..')}\n`);
  const run = await runCli(['serve', '--config', config, '--check-config', '--replica', replica]);
  t.is(run.code, code);
  t.regex(`${run.stdout}${run.stderr}`, message);
});
test('a replica may have the address of its pod for a name', named, '10.244.1.7', 0, /valid/);
test('so may one with an address of IPv6', named, 'fd00:10:244::7', 0, /valid/);
test('other odd names are refused', named, 'a_b', 2, /replica: expected 1 … 63 letters, digits and hyphens/);
