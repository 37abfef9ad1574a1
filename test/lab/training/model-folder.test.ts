import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { publishVersion, versionsOf } from '../../../src/lab/training/model-folder.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const file = (text: string) => new TextEncoder().encode(text);

test('versions appear one by one beside their model.yaml, and nothing else is left', async (t) => {
  const folder = join(await temporaryFolder(t), 'models/street');
  t.deepEqual(await versionsOf(folder), []);
  const path = await publishVersion(folder, { version: 2, configText: 'a', file: file('two') });
  await publishVersion(folder, { version: 10, configText: 'a', file: file('ten') });
  t.is(await readFile(path, 'utf8'), 'two');
  t.deepEqual((await readdir(folder)).toSorted(), ['10', '2', 'model.yaml']);
  t.deepEqual(await versionsOf(folder), [2, 10]);
});

test('what is there is never changed: the same is fine, anything else is refused', async (t) => {
  const folder = await temporaryFolder(t);
  await publishVersion(folder, { version: 1, configText: 'a', file: file('one') });
  await t.notThrowsAsync(publishVersion(folder, { version: 1, configText: 'a', file: file('one') }));
  await t.throwsAsync(publishVersion(folder, { version: 1, configText: 'a', file: file('eno') }), {
    code: 'INVALID_OPTION',
    message: /expected no version 1 in .*, got one with another file/,
  });
  await t.throwsAsync(publishVersion(folder, { version: 2, configText: 'b', file: file('two') }), {
    message: /model\.yaml, which the other versions have too/,
  });
  t.is(await readFile(join(folder, '1/model.onnx'), 'utf8'), 'one');
  t.deepEqual(await versionsOf(folder), [1]);
});
