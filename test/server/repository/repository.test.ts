import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { EngineError, type ModelSource } from '../../../src/engine/index.js';
import { ModelRepository } from '../../../src/server/repository/repository.js';
import { Residency } from '../../../src/server/repository/residency.js';
import { gate, until } from '../../support/gate.js';
import type { LogLine } from '../../support/gateway.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { addToy } from '../../support/toy-gateway.js';
import { type HostScript, toyHosts, toyInfo } from '../../support/toy-hosts.js';

/** A file that toy hosts refuse. */
const BROKEN = Buffer.from([0x0a, 0x00]);

async function repositoryOf(t: ExecutionContext, script: HostScript = {}) {
  const root = await temporaryFolder(t);
  const logged: LogLine[] = [];
  const changes: string[] = [];
  const unloaded: string[] = [];
  const verified: string[] = [];
  /** Why versions are held, by version. */
  const holds = new Map<string, string>();
  const write = (level: string) => (fields: object, message: string) => {
    logged.push({ level, message, fields: { ...fields } });
  };
  const log = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') };
  const load = async (source: ModelSource) => {
    if (source.file.length === BROKEN.length) throw new EngineError('INVALID_MODEL', 'expected weights, got none');
    return { ...toyInfo(source), sha256: source.sha256 };
  };
  const repository = new ModelRepository({
    root,
    residency: new Residency({
      hosts: toyHosts({
        load,
        unload: async ({ name, version }) => void unloaded.push(`${name}/${version}`),
        ...script,
      }),
      budgetBytes: Number.MAX_SAFE_INTEGER,
      pinned: new Set(),
      log,
      observer: { unloaded: () => undefined, reloaded: () => undefined },
      read: () => Promise.reject(new Error('nothing is unloaded to spare memory')),
    }),
    log,
    pollMs: 1,
    onChange: () => void changes.push(states()),
    onVerified: ({ version }) => void verified.push(version),
    holdReason: ({ version }) => holds.get(version),
  });
  const states = (): string => repository.versions.map(({ version, state }) => `${version} ${state}`).join(', ');
  /** What a poll does, without the time between. */
  const look = () => repository.loadAll();
  t.teardown(() => repository.close());
  return { root, repository, states, look, logged, changes, unloaded, verified, holds };
}

test('what lies there at the start is loaded, the newest serves and the others stand by', async (t) => {
  const { root, states, look } = await repositoryOf(t);
  for (const version of ['2', '10', '9']) await addToy(root, 'toy', version);
  await look();
  t.is(states(), '2 standby, 9 standby, 10 serving');
});

test('a new version is taken when two looks agree, and then serves', async (t) => {
  const { root, repository, states, look } = await repositoryOf(t);
  await addToy(root, 'toy', '1');
  await look();
  await addToy(root, 'toy', '2');
  await look();
  t.is(states(), '1 serving', 'it may still be written');
  await writeFile(join(root, 'toy/2/model.onnx'), Buffer.alloc(0));
  await look();
  t.is(states(), '1 serving', 'it was still written');
  await look();
  t.is(states(), '1 standby, 2 serving');
  t.is(repository.acquire('toy', undefined).info.version, '2');
  t.is(repository.acquire('toy', '1').info.version, '1');
});

test('there is no moment at which none serves while a new version takes over', async (t) => {
  const { root, look, changes } = await repositoryOf(t);
  await addToy(root, 'toy', '1');
  await look();
  changes.splice(0);
  await addToy(root, 'toy', '2');
  await look();
  await look();
  t.true(changes.length > 0);
  for (const change of changes) t.regex(change, /serving/);
});

test('a model serves as soon as it is loaded, and does not wait for others', async (t) => {
  const slow = gate();
  const { root, repository, look } = await repositoryOf(t, {
    load: async (source) => {
      if (source.name === 'slow') await slow.opened;
      return toyInfo(source);
    },
  });
  await addToy(root, 'quick', '1');
  await addToy(root, 'slow', '2');
  const looking = look();
  const stateOf = (name: string) => repository.versions.find((version) => version.name === name)?.state;
  await until(() => stateOf('slow') === 'loading');
  t.is(stateOf('quick'), 'serving');
  t.like(
    t.throws(() => repository.acquire('slow', undefined)),
    { code: 'MODEL_NOT_READY', details: { retryAfterMs: 1000 } },
  );
  slow.open();
  await looking;
  t.is(stateOf('slow'), 'serving');
});

test('a new version that is broken stands aside with its reason, replaces nothing, and is taken once it is mended', async (t) => {
  const { root, repository, states, look } = await repositoryOf(t);
  await addToy(root, 'toy', '1');
  await look();
  await addToy(root, 'toy', '2', BROKEN);
  await look();
  await look();
  t.is(states(), '1 serving, 2 failed');
  t.is(repository.versions[1]?.reason, 'expected weights, got none');
  t.is(repository.acquire('toy', undefined).info.version, '1');
  t.like(
    t.throws(() => repository.acquire('toy', '2')),
    {
      code: 'MODEL_NOT_READY',
      message: 'expected toy@2 to be ready, got failed: expected weights, got none',
    },
  );
  await addToy(root, 'toy', '2');
  await look();
  await look();
  t.is(states(), '1 standby, 2 serving');
  t.is(repository.versions[1]?.reason, '');
});

test('files that are changed in place are swapped without a pause, and broken ones leave what is loaded with a word', async (t) => {
  const { root, repository, states, look, changes } = await repositoryOf(t);
  await addToy(root, 'toy', '1');
  await look();
  const before = repository.acquire('toy', undefined).info.sha256;
  changes.splice(0);
  await addToy(root, 'toy', '1', Buffer.from([0x0a, 0x00, 0x0a, 0x00]));
  await look();
  await look();
  const after = repository.acquire('toy', undefined).info.sha256;
  t.not(after, before);
  await addToy(root, 'toy', '1', BROKEN);
  await look();
  await look();
  t.is(states(), '1 serving');
  t.is(repository.acquire('toy', undefined).info.sha256, after);
  t.is(repository.versions[0]?.reason, 'the files were changed and do not load: expected weights, got none');
  await look();
  t.regex(repository.versions[0]?.reason ?? '', /do not load/);
  for (const change of changes) t.is(change, '1 serving');
  await addToy(root, 'toy', '2');
  await look();
  await look();
  t.is(states(), '1 standby, 2 serving');
  t.regex(repository.versions[0]?.reason ?? '', /do not load/, 'a new version says nothing of this one');
  await addToy(root, 'toy', '1');
  await look();
  await look();
  t.is(repository.versions[0]?.reason, '');
});

test('a version that is removed ends its calls, takes no new ones, and leaves', async (t) => {
  const { root, repository, states, look, unloaded } = await repositoryOf(t);
  for (const version of ['1', '2']) await addToy(root, 'toy', version);
  await look();
  const call = repository.acquire('toy', undefined);
  await rm(join(root, 'toy/2'), { recursive: true });
  await look();
  t.is(states(), '1 serving, 2 draining');
  t.is(repository.acquire('toy', undefined).info.version, '1');
  t.throws(() => repository.acquire('toy', '2'), { code: 'MODEL_NOT_READY' } as object);
  t.deepEqual(unloaded, []);
  call.release();
  t.is(states(), '1 serving');
  await until(() => unloaded.length === 2);
  t.deepEqual(unloaded, ['toy/2', 'toy/2'], 'from both lanes');
});

test('the last version of a model takes no new calls either once it drains', async (t) => {
  const { root, repository, states, look } = await repositoryOf(t);
  await addToy(root, 'toy', '1');
  await look();
  const call = repository.acquire('toy', undefined);
  await rm(join(root, 'toy'), { recursive: true });
  await look();
  t.like(
    t.throws(() => repository.acquire('toy', undefined)),
    { code: 'MODEL_NOT_READY' },
  );
  call.release();
  call.release();
  t.is(states(), '');
  t.like(
    t.throws(() => repository.acquire('toy', undefined)),
    { code: 'MODEL_NOT_FOUND' },
  );
});

test('a version that comes back while it drains serves again', async (t) => {
  const { root, repository, states, look } = await repositoryOf(t);
  await addToy(root, 'toy', '1');
  await look();
  const call = repository.acquire('toy', undefined);
  await rename(join(root, 'toy/1'), join(root, 'toy/kept'));
  await look();
  await rename(join(root, 'toy/kept'), join(root, 'toy/1'));
  await writeFile(join(root, 'toy/1/model.onnx'), Buffer.from([0x0a, 0x00, 0x0a, 0x00]));
  await look();
  await look();
  t.is(states(), '1 serving');
  call.release();
  t.is(states(), '1 serving', 'the call was on the old one');
});

test('a version that comes back broken while it drains has failed, until it is mended', async (t) => {
  const { root, repository, states, look } = await repositoryOf(t);
  await addToy(root, 'toy', '1');
  await look();
  repository.acquire('toy', undefined);
  await rename(join(root, 'toy/1'), join(root, 'toy/kept'));
  await look();
  t.is(states(), '1 draining');
  await addToy(root, 'toy', '1', BROKEN);
  await look();
  await look();
  t.is(states(), '1 failed');
  await addToy(root, 'toy', '1');
  await look();
  await look();
  t.is(states(), '1 serving');
});

test('what cannot be read for a moment stays as it is, and is told once', async (t) => {
  const { root, states, look, logged } = await repositoryOf(t);
  await addToy(root, 'toy', '1');
  await look();
  await rename(join(root, 'toy'), join(root, '.toy'));
  await symlink('toy', join(root, 'toy'));
  await look();
  await look();
  await rm(join(root, 'toy'));
  await rename(root, `${root}.gone`);
  await look();
  await look();
  await rename(`${root}.gone`, root);
  await rename(join(root, '.toy'), join(root, 'toy'));
  t.is(states(), '1 serving');
  await look();
  t.is(states(), '1 serving');
  t.deepEqual(
    logged.filter(({ level }) => level !== 'info').map(({ level, message }) => `${level}: ${message}`),
    ['warn: folders of models could not be read', 'error: model repository could not be read'],
  );
});

test('a bad model.yaml, or none, is a failed version', async (t) => {
  const { root, repository, look } = await repositoryOf(t);
  await addToy(root, 'toy', '1');
  await rm(join(root, 'toy/model.yaml'));
  await look();
  t.like(repository.versions[0], { state: 'failed' });
  t.regex(repository.versions[0]?.reason ?? '', /expected a file for toy\/model.yaml, got none/);
});

test('a model that loads into one lane only is taken out of it again', async (t) => {
  const { root, repository, look, unloaded } = await repositoryOf(t, {
    load: async (source, lane) => {
      if (lane === 'serve') throw new TypeError('secret');
      return toyInfo(source);
    },
  });
  await addToy(root, 'toy', '1');
  await look();
  t.deepEqual(unloaded, ['toy/1']);
  t.like(repository.versions[0], { state: 'failed', reason: 'internal error' });
});

test('closing stops the polling', async (t) => {
  const { root, repository, states } = await repositoryOf(t);
  repository.startPolling();
  await addToy(root, 'toy', '1');
  await until(() => states() === '1 serving');
  await repository.close();
  t.pass();
});

test('a version that is held stands by with the reason, and serves once nothing holds it', async (t) => {
  const { root, repository, states, look, verified, holds } = await repositoryOf(t);
  await addToy(root, 'toy', '1');
  await look();
  holds.set('2', 'waits for its probe');
  await addToy(root, 'toy', '2');
  await look();
  await look();
  t.is(states(), '1 serving, 2 standby');
  t.is(verified.at(-1), '2');
  t.is(repository.describe('toy', '2').reason, 'waits for its probe');
  t.is(repository.acquire('toy', undefined).info.version, '1');
  t.is(repository.acquire('toy', '2').info.version, '2', 'calls that name it are answered');
  holds.set('2', 'its probe fell');
  repository.reconsider('toy');
  t.is(repository.describe('toy', '2').reason, 'its probe fell');
  holds.clear();
  repository.reconsider('toy');
  t.is(states(), '1 standby, 2 serving');
  t.is(repository.describe('toy', '2').reason, '');
});

test('a version that serves never gives way to an older one, whatever holds it', async (t) => {
  const { root, repository, states, look, holds } = await repositoryOf(t);
  for (const version of ['1', '2']) await addToy(root, 'toy', version);
  await look();
  holds.set('2', 'its probe fell');
  repository.reconsider('toy');
  t.is(states(), '1 standby, 2 serving');
  t.is(repository.describe('toy', '2').reason, '');
});

test('of newer versions the newest that nothing holds serves', async (t) => {
  const { root, states, look, holds } = await repositoryOf(t);
  holds.set('3', 'waits for its probe');
  for (const version of ['1', '2', '3']) await addToy(root, 'toy', version);
  await look();
  t.is(states(), '1 standby, 2 serving, 3 standby');
});

test('a held version is better than none', async (t) => {
  const { root, states, look, holds } = await repositoryOf(t);
  holds.set('1', 'waits for its probe').set('2', 'waits for its probe');
  for (const version of ['1', '2']) await addToy(root, 'toy', version);
  await look();
  t.is(states(), '1 serving, 2 standby', 'the first that was loaded, and no other after it');
  await rm(join(root, 'toy/1'), { recursive: true });
  await look();
  t.is(states(), '2 serving');
});

test('the surrogate of a model is held with it, and one that is away is missed by those alone who need it', async (t) => {
  const { root, repository, look, unloaded } = await repositoryOf(t, {
    load: async (source) => ({
      ...toyInfo(source),
      ...(source.name === 'far' && { surrogate: { name: 'near', version: undefined } }),
    }),
  });
  await addToy(root, 'far', '1');
  await look();
  const early = repository.acquire('far', undefined);
  t.like(
    t.throws(() => early.surrogate()),
    { code: 'MODEL_NOT_FOUND' },
  );
  early.release();
  await addToy(root, 'near', '3');
  await look();
  await look();
  const near = repository.acquire('near', undefined);
  t.is(near.surrogate(), undefined);
  near.release();
  const held = repository.acquire('far', undefined);
  t.is(held.surrogate()?.version, '3');
  t.is(held.surrogate()?.version, '3');
  await addToy(root, 'near', '4');
  await look();
  await look();
  await rm(join(root, 'near/3'), { recursive: true });
  await look();
  t.is(held.surrogate()?.version, '3', 'the same to the end of the run');
  t.deepEqual(unloaded, []);
  held.release();
  await until(() => unloaded.length === 2);
  t.deepEqual(unloaded, ['near/3', 'near/3']);
});
