import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { demoModels, gatewayOf } from './support/gateway.js';
import { runCli } from './support/run-cli.js';
import { root } from './support/street.js';
import { temporaryFolder } from './support/temporary-folder.js';

const readme = await readFile(join(root, 'README.md'), 'utf8');
const fenced = [...readme.matchAll(/^```(\w*)\n(.*?)^```$/gms)];
const blocks = (language: string) => fenced.filter((block) => block[1] === language).map((block) => block[2] ?? '');

test('the model.yaml of the README serves a model with these outputs', async (t) => {
  const [yaml = ''] = blocks('yaml');
  const models = await temporaryFolder(t);
  await mkdir(join(models, 'street/1'), { recursive: true });
  await cp(join(demoModels, 'street/1/model.onnx'), join(models, 'street/1/model.onnx'));
  await writeFile(join(models, 'street/model.yaml'), yaml);
  const { client } = await gatewayOf(t, models);
  const { model } = await client.getModel({ name: 'street' });
  t.deepEqual(
    model?.tasks.map(({ name, attackable, unit }) => ({ name, attackable, unit })),
    [
      { name: 'segmentation', attackable: true, unit: '' },
      { name: 'depth', attackable: true, unit: 'm' },
    ],
  );
});

test('the attack of the README runs and prints what the README shows', async (t) => {
  const command = blocks('sh').find((text) => text.includes('robustgate attack')) ?? '';
  const shown = blocks('').find((text) => text.startsWith('street version 1')) ?? '';
  const out = await temporaryFolder(t);
  const { code, stdout } = await runCli(argumentsOf(command, out));
  t.is(code, 0);
  t.true(shown.length > 0 && withoutFigures(stdout).startsWith(withoutFigures(shown)), stdout);
});

/** The arguments of a command as the README has it, run from the project's folder and writing to another one. */
function argumentsOf(command: string, out: string): string[] {
  const words = [...command.replaceAll('\\\n', ' ').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, word]) => quoted ?? word ?? '',
  );
  const start = words.indexOf('robustgate') + 1;
  return words
    .slice(start)
    .flatMap((word) => (word.includes('{0,1}') ? [word.replace('{0,1}', '0'), word.replace('{0,1}', '1')] : [word]))
    .map((word) => (word === 'adversarial' ? out : word.replace('demo/', join(root, 'demo/'))));
}

/** Processors differ in the last digits. */
const withoutFigures = (text: string): string => text.replaceAll(/\d\.\d{4}/g, '0.0000');
