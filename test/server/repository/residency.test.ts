import test from 'ava';
import { type AttackJob, EngineError, type ModelSource } from '../../../src/engine/index.js';
import type { CallOptions, Hosts, ModelRef } from '../../../src/host/index.js';
import { Residency } from '../../../src/server/repository/residency.js';
import { gate, until } from '../../support/gate.js';
import { toyHosts, toyInfo } from '../../support/toy-hosts.js';

/** Every model is a file of one byte, and keeps ten in each lane. */
const source = (name: string, change: Partial<ModelSource> = {}): ModelSource => ({
  name,
  version: '1',
  configText: '',
  file: new Uint8Array(1),
  externalFiles: new Map(),
  sha256: name,
  ...change,
});
/** What the gateway and two lanes keep of one. */
const EACH = 21;

const ref = (name: string): ModelRef => ({ name, version: '1' });
const options = (change: Partial<CallOptions> = {}): CallOptions => ({
  runId: 'run',
  principal: '',
  deadlineMs: undefined,
  traceParent: undefined,
  signal: new AbortController().signal,
  ...change,
});
const job = { inputs: [], tasks: [], fields: [] };
const toyJob = { inputs: [], fields: [], spec: { parameters: { steps: 2, epsilon: 1 } } } as unknown as AttackJob;
const predict = (hosts: Hosts, name: string, change: Partial<CallOptions> = {}) =>
  hosts.serve.predict(ref(name), job, options(change));

interface Script {
  readonly room?: number;
  readonly pinned?: readonly string[];
  readonly load?: (source: ModelSource, lane: string) => Promise<void>;
  readonly read?: (name: string) => ModelSource;
  readonly predict?: () => Promise<void>;
}

/** Models that are loaded, with room for so many, and what happened to them. */
async function residencyOf(names: readonly string[], { room = 2, pinned = [], ...script }: Script = {}) {
  const said: string[] = [];
  const kept = new Map<string, number>();
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const residency = new Residency({
    hosts: toyHosts({
      async load(loaded, lane) {
        await script.load?.(loaded, lane);
        said.push(`${lane} loads ${loaded.name}`);
        kept.set(loaded.name, 10);
        return { ...toyInfo(loaded), engine: loaded.name.startsWith('far') ? 'remote' : 'onnx' };
      },
      unload: async ({ name }) => void said.push(`unload ${name}`),
      keptBytes: ({ name }) => kept.get(name) ?? 0,
      predict: async () => {
        await script.predict?.();
        said.push('predict');
        return [];
      },
    }),
    budgetBytes: room * EACH,
    pinned: new Set(pinned),
    log,
    observer: {
      unloaded: ({ name }) => void said.push(`${name} unloaded`),
      reloaded: ({ name }, isGood) => void said.push(`${name} ${isGood ? 'reloaded' : 'lost'}`),
    },
    read: async ({ name }) => script.read?.(name) ?? source(name),
  });
  for (const name of names) await residency.load(source(name));
  said.splice(0);
  const unloaded = () => names.filter((name) => residency.isUnloaded(ref(name)));
  return { residency, hosts: residency.hosts, said, kept, unloaded };
}

test('of idle models the one that was used longest ago makes room, in both lanes, and comes back when it is called', async (t) => {
  const { hosts, said, unloaded, residency } = await residencyOf(['a', 'b']);
  await predict(hosts, 'a');
  await residency.load(source('c'));
  t.deepEqual(unloaded(), ['b'], 'a was used after it');
  t.deepEqual(said.splice(0), ['predict', 'unload b', 'unload b', 'b unloaded', 'attack loads c', 'serve loads c']);
  await predict(hosts, 'b');
  t.deepEqual(unloaded(), ['a']);
  t.deepEqual(said, ['unload a', 'unload a', 'a unloaded', 'attack loads b', 'serve loads b', 'b reloaded', 'predict']);
});

test('a model that fits stays, and the figure is what the gateway and both lanes keep', async (t) => {
  const { residency, unloaded } = await residencyOf(['a', 'b', 'c'], { room: 5 });
  t.deepEqual(unloaded(), []);
  t.is(residency.keptBytes, 3 * EACH);
});

test('programs count: when a call ends that made some, idle models make room', async (t) => {
  const { residency, hosts, kept, unloaded } = await residencyOf(['a', 'b', 'c'], { room: 5 });
  const leave = residency.hold(ref('a'));
  kept.set('a', 40);
  await predict(hosts, 'b');
  t.deepEqual(unloaded(), ['c'], 'a is in use, and b was used last');
  t.is(residency.keptBytes, 81 + EACH);
  leave();
});

test('what is in use is never unloaded, nor what is pinned or remote, nor the last that was used', async (t) => {
  const { residency, hosts, unloaded } = await residencyOf(['used', 'pinned', 'far', 'other'], {
    room: 10,
    pinned: ['pinned'],
  });
  const leave = residency.hold(ref('used'));
  const { budgetBytes } = residency;
  await residency.load(source('large', { file: new Uint8Array(budgetBytes) }));
  t.deepEqual(unloaded(), ['other']);
  leave();
  leave();
  t.deepEqual(unloaded(), ['used', 'other']);
  await predict(hosts, 'large');
  t.false(residency.isUnloaded(ref('large')), 'it would only be loaded again');
});

test('many calls wait for one load', async (t) => {
  const opened = gate();
  let loads = 0;
  const { residency, hosts, said } = await residencyOf(['a', 'b'], {
    room: 1,
    load: async ({ name }, lane) => {
      if (name === 'a' && lane === 'attack' && loads++ > 0) await opened.opened;
    },
  });
  t.true(residency.isUnloaded(ref('a')));
  const calls = Array.from({ length: 5 }, () => predict(hosts, 'a'));
  await until(() => loads === 2);
  opened.open();
  await Promise.all(calls);
  t.is(loads, 2);
  t.is(said.filter((line) => line === 'a reloaded').length, 1);
  t.is(said.filter((line) => line === 'predict').length, 5);
});

test('who waits for a load leaves at the deadline or when it is cancelled, and the load goes on', async (t) => {
  const [begun, opened] = [gate(), gate()];
  let loads = 0;
  const { hosts, residency, said } = await residencyOf(['a', 'b'], {
    room: 1,
    read: (name) => {
      begun.open();
      return source(name);
    },
    load: async ({ name }, lane) => {
      if (name === 'a' && lane === 'attack' && ++loads === 2) await opened.opened;
    },
  });
  const gone = new AbortController();
  const cancelled = predict(hosts, 'a', { signal: gone.signal });
  await begun.opened;
  gone.abort(new EngineError('CANCELLED', 'the caller went'));
  t.like(await t.throwsAsync(cancelled), { code: 'CANCELLED' });
  const late = await t.throwsAsync(predict(hosts, 'a', { deadlineMs: performance.now() + 1 }));
  t.like(late, { code: 'DEADLINE_TOO_SHORT' });
  t.deepEqual(
    said.filter((line) => line === 'predict'),
    [],
  );
  opened.open();
  await until(() => !residency.isUnloaded(ref('a')));
  await predict(hosts, 'a', { deadlineMs: performance.now() + 60_000 });
  t.is(said.at(-1), 'predict');
});

for (const [what, read, reason] of [
  [
    'is gone',
    () => {
      throw new EngineError('INVALID_MODEL', 'expected a/1/model.onnx, got none');
    },
    /expected a\/1\/model\.onnx, got none/,
  ],
  [
    'is another one',
    () => source('a', { sha256: 'other' }),
    /those that were loaded, a, got other; load the model again/,
  ],
  ['has another model.yaml', () => source('a', { configText: 'x: 1' }), /load the model again/],
] as const) {
  test(`a model whose file ${what} does not come back, and who calls is told why`, async (t) => {
    const { hosts, unloaded, said } = await residencyOf(['a', 'b'], { room: 1, read });
    const error = await t.throwsAsync<EngineError>(predict(hosts, 'a'));
    t.is(error?.code, 'MODEL_NOT_READY');
    t.regex(error?.message ?? '', /^expected a@1, which was unloaded to spare memory, to load again, got: /);
    t.regex(error?.message ?? '', reason);
    t.deepEqual(unloaded(), ['a']);
    t.deepEqual(said, ['a lost']);
  });
}

test('a host that dies while a model comes back leaves no half, and the next call tries again', async (t) => {
  let loads = 0;
  const { hosts, said } = await residencyOf(['a', 'b'], {
    room: 1,
    load: async ({ name }, lane) => {
      if (name === 'a' && lane === 'serve' && ++loads === 2) {
        throw new EngineError('HOST_UNAVAILABLE', 'expected the host to live', { retryAfterMs: 500 });
      }
    },
  });
  const error = await t.throwsAsync<EngineError>(predict(hosts, 'a'));
  t.like(error, { code: 'MODEL_NOT_READY', details: { retryAfterMs: 500 } });
  t.deepEqual(said.splice(0), ['unload b', 'unload b', 'b unloaded', 'attack loads a', 'unload a', 'a lost']);
  await predict(hosts, 'a');
  t.deepEqual(said, ['attack loads a', 'serve loads a', 'a reloaded', 'predict']);
});

test('a version that is unloaded for good is forgotten', async (t) => {
  const { residency, hosts, said } = await residencyOf(['a', 'b'], { room: 1 });
  await residency.unload(ref('a'));
  t.false(residency.isUnloaded(ref('a')));
  said.splice(0);
  await predict(hosts, 'a');
  t.deepEqual(said, ['predict'], 'the lane says what is wrong with that');
});

test('new bytes that are loaded while a model is out are those that come back', async (t) => {
  const { residency, hosts } = await residencyOf(['a', 'b'], {
    room: 1,
    read: (name) => source(name, { sha256: name === 'a' ? 'new' : name }),
  });
  await t.throwsAsync(predict(hosts, 'a'), { code: 'MODEL_NOT_READY' } as object);
  await residency.load(source('a', { sha256: 'new' }));
  t.false(residency.isUnloaded(ref('a')));
  await predict(hosts, 'b');
  t.true(residency.isUnloaded(ref('a')));
  await t.notThrowsAsync(predict(hosts, 'a'));
});

test('an attack with the gradients of another model loads both, and holds them', async (t) => {
  const held: string[] = [];
  const { residency, hosts, unloaded } = await residencyOf(['a', 'b', 'c'], { room: 1 });
  t.deepEqual(unloaded(), ['a', 'b']);
  const attack = { surrogate: ref('b') } as AttackJob;
  for await (const _ of hosts.attack.attack(ref('a'), { ...toyJob, ...attack }, options())) {
    held.push(unloaded().join());
    await residency.load(source('d'));
  }
  t.deepEqual([...new Set(held)], ['c'], 'they stay, though that is more than there is room for');
  t.deepEqual(unloaded(), ['a', 'b', 'c'], 'd was used last');
});
