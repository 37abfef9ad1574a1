import test from 'ava';
import { EngineError } from '../../../src/engine/index.js';
import { parseGatewayConfig } from '../../../src/server/config.js';
import type { CallContext } from '../../../src/server/grpc/call-context.js';
import { OpenCalls } from '../../../src/server/grpc/open-calls.js';
import { RunRegistry } from '../../../src/server/runs/run-registry.js';
import { RunStore } from '../../../src/server/runs/run-store.js';
import { ANYONE, type Principal } from '../../../src/server/security/principal.js';
import { openDatabase } from '../../../src/server/store/database.js';
import { MIGRATIONS } from '../../../src/server/store/migrations/index.js';
import { storedRun } from '../../support/stored-runs.js';

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const person = (name: string, ...roles: ('attack' | 'admin')[]): Principal => ({ name, roles: new Set(roles) });
const contextOf = (principal: Principal): CallContext => ({
  principal,
  signal: new AbortController().signal,
  cut: () => undefined,
  deadlineMs: undefined,
  traceParent: undefined,
  metadata: () => undefined,
});

/** A registry over runs of two callers that have ended, and one that a gateway left behind. */
async function registryOf() {
  const config = parseGatewayConfig({ modelRepository: '/models', replica: 'gateway-0' });
  const store = new RunStore(await openDatabase(':memory:', MIGRATIONS), config.history);
  for (const [id, principal] of [
    ['a', 'ann'],
    ['b', 'ben'],
    ['a2', 'ann'],
  ] as const) {
    store.update(store.insert(storedRun(id, { principal })), { state: 'completed', finishedMs: 1e15 });
  }
  store.insert(storedRun('lost', { principal: 'ann' }));
  const registry = new RunRegistry({ store, config, calls: new OpenCalls(), log: silent, now: () => 5000 });
  registry.close(new EngineError('DRAINING', 'the test is over'));
  return registry;
}

for (const [who, principal, seen] of [
  ['a caller', person('ann', 'attack'), ['lost', 'a2', 'a']],
  ['another caller', person('ben', 'attack'), ['b']],
  ['a caller without runs', person('', 'attack'), []],
  ['an admin', person('eve', 'admin'), ['lost', 'a2', 'b', 'a']],
  ['anyone, where nobody has to prove who they are', ANYONE, ['lost', 'a2', 'b', 'a']],
] as const) {
  test(`${who} may know of ${seen.join(', ') || 'no run'}`, async (t) => {
    const registry = await registryOf();
    t.deepEqual(
      registry.list({}, 10, principal).map(({ id }) => id),
      [...seen],
    );
    for (const id of ['a', 'a2', 'b', 'lost']) {
      const context = contextOf(principal);
      if ((seen as readonly string[]).includes(id)) {
        t.is(registry.get(id, principal).id, id);
        t.is((await registry.cancel(id, context)).id, id);
        continue;
      }
      t.is(t.throws<EngineError>(() => registry.get(id, principal)).code, 'RUN_NOT_FOUND');
      t.is((await t.throwsAsync<EngineError>(registry.cancel(id, context)))?.code, 'RUN_NOT_FOUND');
      t.is((await t.throwsAsync<EngineError>(registry.watch(id, context).next()))?.code, 'RUN_NOT_FOUND');
    }
  });
}

test('what a gateway left behind failed', async (t) => {
  const registry = await registryOf();
  t.like(registry.get('lost', ANYONE), { state: 'failed', errorMessage: 'gateway restarted', finishedMs: 5000 });
});
