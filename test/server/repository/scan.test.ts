import { mkdir, rename, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { scanRepository } from '../../../src/server/repository/scan.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { addToy } from '../../support/toy-gateway.js';

const found = async (root: string) => {
  const { versions } = await scanRepository(root);
  return versions.map(({ name, version }) => `${name}/${version}`).toSorted();
};

test('models and versions are folders with names that are safe anywhere', async (t) => {
  const root = await temporaryFolder(t);
  await addToy(root, 'street', '1');
  await addToy(root, 'street', '12');
  await addToy(root, 'a.b-c_d', '3');
  for (const folder of ['street/0', 'street/01', 'street/v2', 'street/1.tmp', '.hidden/1', '-x/1', 'ü/1', 'none']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await writeFile(join(root, 'README'), 'no model');
  t.deepEqual(await found(root), ['a.b-c_d/3', 'street/1', 'street/12']);
});

test('a print changes with every file of a version and with model.yaml, and with nothing else', async (t) => {
  const root = await temporaryFolder(t);
  await addToy(root, 'street', '1');
  await addToy(root, 'street', '2');
  const print = async (): Promise<string | undefined> =>
    (await scanRepository(root)).versions.find(({ version }) => version === '1')?.fingerprint;
  const prints = [await print()];
  const changes = [
    () => writeFile(join(root, 'street/1/model.onnx'), 'longer'),
    () => utimes(join(root, 'street/1/model.onnx'), 1, 1),
    () => writeFile(join(root, 'street/1/weights.bin'), ''),
    () => writeFile(join(root, 'street/model.yaml'), 'input: {}'),
  ];
  for (const change of changes) {
    await change();
    prints.push(await print());
  }
  t.is(new Set(prints).size, changes.length + 1);
  await writeFile(join(root, 'street/2/model.onnx'), 'other');
  t.is(await print(), prints.at(-1));
});

test('a folder that cannot be read is not the same as one that is gone', async (t) => {
  const root = await temporaryFolder(t);
  await addToy(root, 'street', '1');
  await rename(join(root, 'street'), join(root, 'gone'));
  await symlink('loop', join(root, 'loop'));
  const { versions, unreadable } = await scanRepository(root);
  t.deepEqual(
    versions.map(({ name }) => name),
    ['gone'],
  );
  t.deepEqual([...unreadable], ['loop']);
  await t.throwsAsync(scanRepository(join(root, 'nowhere')), { code: 'ENOENT' });
});
