import { readdirSync, readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { type AttackEvent, type AttackJob, EngineError, type ModelSource } from '../../src/engine/index.js';
import {
  type CallOptions,
  type HostCall,
  type Hosts,
  type HostsOptions,
  type LaneLimits,
  startHosts,
} from '../../src/host/index.js';
import type { Script } from '../support/scripted-host.js';
import { scenesUpTo, streetSource } from '../support/street.js';

const entry = new URL('../support/scripted-host.js', import.meta.url).pathname;
const fast: Partial<LaneLimits> = { backoffMs: [10, 50] };

/** Hosts that end with the test. Without `entry` they are the real ones. */
function hostsOf(t: ExecutionContext, options: Partial<HostsOptions> = {}): Hosts {
  const hosts = startHosts({
    entry,
    memoryBudgetBytes: 2 ** 30,
    threads: 1,
    limits: fast,
    log: () => undefined,
    ...options,
  });
  t.teardown(() => hosts.close());
  return hosts;
}

const source = (script: Script, version = '1'): ModelSource => ({
  name: 'm',
  version,
  configText: JSON.stringify(script),
  file: new Uint8Array(3),
  externalFiles: new Map(),
  sha256: '',
});
const ref = { name: 'm', version: '1' };
const call = (change: Partial<CallOptions> = {}): CallOptions => ({
  runId: 'run',
  principal: '',
  deadlineMs: undefined,
  traceParent: undefined,
  signal: new AbortController().signal,
  ...change,
});
const job = (steps: number): AttackJob => ({ spec: { parameters: { steps } } }) as AttackJob;
const predictJob = { inputs: [], tasks: [], fields: [] };

async function finish(events: AsyncGenerator<AttackEvent, void, void>): Promise<AttackEvent[]> {
  const list: AttackEvent[] = [];
  for await (const event of events) list.push(event);
  return list;
}

/** Calls until the lane is back. */
async function eventually<T>(action: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await action();
    } catch (error) {
      if (!(error instanceof EngineError && error.code === 'HOST_UNAVAILABLE') || attempt > 500) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

test('a host killed while attacking fails its calls with a time to retry, and comes back with its models', async (t) => {
  const hosts = hostsOf(t);
  await Promise.all([hosts.serve.load(source({})), hosts.attack.load(source({ stepMs: 5 }))]);
  const events = hosts.attack.attack(ref, job(10_000), call());
  await events.next();
  const pid = hosts.attack.pid as number;
  process.kill(pid, 'SIGKILL');
  const error = await t.throwsAsync(finish(events), { instanceOf: EngineError });
  t.is(error?.code, 'HOST_UNAVAILABLE');
  t.true((error?.details.retryAfterMs ?? 0) > 0);
  await t.notThrowsAsync(hosts.serve.predict(ref, predictJob, call()), 'predictions do not feel it');
  const again = await eventually(() => finish(hosts.attack.attack(ref, job(2), call())));
  t.is(again.at(-1)?.type, 'summary');
  t.not(hosts.attack.pid, pid);
  t.is(hosts.attack.quarantineReason(ref), undefined);
});

test('a call of the priority of probes gives way to attacks, but for its share', async (t) => {
  const hosts = hostsOf(t, { probeShare: 0.25 });
  await hosts.attack.load(source({ stepMs: 2 }));
  const steps = { attack: 0, probe: 0, probeAtLastAttackStep: 0 };
  const run = async (name: 'attack' | 'probe', options: Partial<CallOptions> = {}) => {
    for await (const event of hosts.attack.attack(ref, job(24), call({ runId: name, ...options }))) {
      if (event.type !== 'progress') continue;
      steps[name] = event.progress.step;
      // All events come along one pipe, in the order of the steps; what the probe does while the attack is verified is not its share.
      if (name === 'attack' && steps.attack === 24) steps.probeAtLastAttackStep = steps.probe;
    }
  };
  await Promise.all([run('attack'), run('probe', { priority: 'probe' })]);
  t.is(steps.probe, 24);
  const { probeAtLastAttackStep: share } = steps;
  t.true(share >= 6 && share <= 10, `expected 8 of 24 steps while the attack ran, got ${share}`);
});

test('a host that crashes in a native call is replaced, and the third time its model is quarantined', async (t) => {
  const hosts = hostsOf(t);
  await Promise.all([
    hosts.attack.load(source({ step: 'abort' })),
    hosts.attack.load(source({}, '2')),
    hosts.serve.load(source({})),
  ]);
  for (let death = 0; death < 3; death++) {
    const error = await t.throwsAsync(finish(hosts.attack.attack(ref, job(1), call())), { instanceOf: EngineError });
    t.is(error?.code, 'HOST_UNAVAILABLE');
    await eventually(() => finish(hosts.attack.attack({ name: 'm', version: '2' }, job(1), call())));
  }
  const refused = await t.throwsAsync(finish(hosts.attack.attack(ref, job(1), call())), { instanceOf: EngineError });
  t.is(refused?.code, 'MODEL_QUARANTINED');
  t.regex(refused?.message ?? '', /crashed or hung 3 times in a row/);
  await t.notThrowsAsync(finish(hosts.attack.attack({ name: 'm', version: '2' }, job(1), call())), 'others are not');
  await t.notThrowsAsync(hosts.serve.predict(ref, predictJob, call()), 'it is still served');
  hosts.attack.releaseQuarantine(ref);
  t.is(hosts.attack.quarantineReason(ref), undefined);
});

test('a host that hangs in a native call is killed and replaced', async (t) => {
  const reasons: string[] = [];
  const observer = {
    callEnded: () => undefined,
    restarted: (_: string, reason: string) => void reasons.push(reason),
    quarantined: () => undefined,
  };
  const hosts = hostsOf(t, { limits: { ...fast, hangMs: 500 }, observer });
  await Promise.all([hosts.attack.load(source({ step: 'hang' })), hosts.attack.load(source({}, '2'))]);
  const error = await t.throwsAsync(finish(hosts.attack.attack(ref, job(1), call())), { instanceOf: EngineError });
  t.is(error?.code, 'HOST_UNAVAILABLE');
  await t.notThrowsAsync(eventually(() => finish(hosts.attack.attack({ name: 'm', version: '2' }, job(1), call()))));
  t.true(reasons.includes('hang') && reasons.every((reason) => reason === 'hang'), reasons.join());
});

test('a host that stands still outside of native calls is killed and replaced', async (t) => {
  const hosts = hostsOf(t, { limits: { ...fast, hangMs: 4000 } });
  await hosts.attack.load(source({ stepMs: 1 }));
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const pid = hosts.attack.pid as number;
  await t.notThrowsAsync(finish(hosts.attack.attack(ref, job(2), call())), 'one that has nothing to do is left alone');
  process.kill(pid, 'SIGSTOP');
  const error = await t.throwsAsync(finish(hosts.attack.attack(ref, job(2), call())), { instanceOf: EngineError });
  t.is(error?.code, 'HOST_UNAVAILABLE');
  await t.notThrowsAsync(eventually(() => finish(hosts.attack.attack(ref, job(2), call()))));
  t.not(hosts.attack.pid, pid);
  t.is(hosts.attack.quarantineReason(ref), undefined);
});

test('kills from outside do not count against a model', async (t) => {
  const hosts = hostsOf(t);
  await hosts.attack.load(source({ step: 'exit' }));
  for (let death = 0; death < 4; death++) {
    const error = await eventually(async () => {
      try {
        return await finish(hosts.attack.attack(ref, job(1), call()));
      } catch (failure) {
        if (failure instanceof EngineError && failure.message.includes('ended during the call')) return failure;
        throw failure;
      }
    });
    t.true(error instanceof EngineError);
  }
  t.is(hosts.attack.quarantineReason(ref), undefined);
});

test('a model that falls back to another provider is a warning of its lane', async (t) => {
  const warnings: unknown[] = [];
  const hosts = hostsOf(t, { log: (level, _, fields) => void (level === 'warn' && warnings.push(fields)) });
  await hosts.attack.load(source({ fallbacks: ['webgpu: no adapter'] }));
  t.deepEqual(warnings, [{ lane: 'attack', model: 'm@1', provider: 'cpu', reason: 'webgpu: no adapter' }]);
});

test('a model that ends its host while it loads is refused after three times', async (t) => {
  const hosts = hostsOf(t);
  const error = await t.throwsAsync(hosts.attack.load(source({ load: 'die' })), { instanceOf: EngineError });
  t.is(error?.code, 'INVALID_MODEL');
  t.is(error?.message, 'expected a model that loads, got one that ended its host 3 times');
  await t.notThrowsAsync(eventually(() => hosts.attack.load(source({}))));
});

test('a cancelled run stops within one native call', async (t) => {
  const hosts = hostsOf(t);
  await hosts.attack.load(source({ stepMs: 30 }));
  const controller = new AbortController();
  const events = hosts.attack.attack(ref, job(10_000), call({ signal: controller.signal }));
  let seen = 0;
  const reading = (async () => {
    for await (const event of events) {
      seen = (event as unknown as { progress: { step: number } }).progress.step;
      if (seen >= 3) controller.abort();
    }
  })();
  await t.throwsAsync(reading, { any: true, name: 'AbortError' });
  const [first] = await hosts.attack.predict(ref, predictJob, call());
  await new Promise((resolve) => setTimeout(resolve, 150));
  const [second] = await hosts.attack.predict(ref, predictJob, call());
  t.is(first?.key, second?.key, 'no step was made after');
  t.true(Number(first?.key) <= seen + 2, `${first?.key} steps were made, ${seen} were seen`);
});

test('a reader that leaves cancels the run', async (t) => {
  const hosts = hostsOf(t);
  await hosts.attack.load(source({ stepMs: 10 }));
  for await (const _ of hosts.attack.attack(ref, job(10_000), call())) break;
  const steps = async (): Promise<number> => Number((await hosts.attack.predict(ref, predictJob, call()))[0]?.key);
  const first = await steps();
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.true((await steps()) - first <= 1);
});

test('two runs share the host, and a prediction gets in between', async (t) => {
  const hosts = hostsOf(t);
  await hosts.attack.load(source({ stepMs: 10 }));
  const order: string[] = [];
  const reading = ['a', 'b'].map(async (name) => {
    for await (const event of hosts.attack.attack(ref, job(20), call({ runId: name })))
      if (event.type === 'progress') order.push(name);
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const before = order.length;
  await hosts.attack.predict(ref, predictJob, call());
  t.true(order.length < 40, `the prediction came after ${order.length} of 40 steps, and was asked for after ${before}`);
  await Promise.all(reading);
  const longest =
    order
      .join('')
      .match(/a+|b+/g)
      ?.reduce((most, part) => Math.max(most, part.length), 0) ?? 0;
  t.true(longest <= 4, `expected turns, got ${order.join('')}`);
});

for (const [bound, streamBytes, most] of [
  ['4 MiB', undefined, 11],
  ['1 byte', 1, 4],
] as const)
  test(`a slow reader holds a run up that is ${bound} ahead instead of filling the memory, and loses no result`, async (t) => {
    const hosts = hostsOf(t, streamBytes === undefined ? {} : { streamBytes });
    await hosts.attack.load(source({ resultBytes: 2 ** 20, results: 40 }));
    const events = hosts.attack.attack(ref, job(1), call());
    const keys: string[] = [];
    let stepsWhileIdle = 0;
    for await (const event of events) {
      if (event.type !== 'result') continue;
      keys.push(event.result.key);
      if (keys.length !== 1) continue;
      await new Promise((resolve) => setTimeout(resolve, 300));
      stepsWhileIdle = Number((await hosts.attack.predict(ref, predictJob, call()))[0]?.key);
    }
    t.deepEqual(
      keys,
      Array.from({ length: 40 }, (_, n) => `${n}`),
    );
    t.true(stepsWhileIdle <= most, `${stepsWhileIdle} of 40 results were made while nobody read`);
  });

test('a drain reaches running attacks, which end by themselves', async (t) => {
  const hosts = hostsOf(t);
  await hosts.attack.load(source({ stepMs: 5 }));
  const events = hosts.attack.attack(ref, job(10_000), call());
  await events.next();
  hosts.drain();
  const last = (await finish(events)).at(-1);
  t.like(last, { type: 'summary', summary: { drain: true } });
});

test('values and typed arrays reach the host and come back', async (t) => {
  const hosts = hostsOf(t);
  await hosts.serve.load(source({}));
  const input = {
    key: 'k',
    pixels: Float32Array.of(1, 2.5),
    shape: [2],
    extraInputs: new Map(),
    labels: new Map([['a', { data: Float32Array.of(3), valid: Uint8Array.of(1), shape: [] }]]),
  };
  const [echo] = await hosts.serve.predict(ref, { ...predictJob, inputs: [input] }, call());
  t.deepEqual(echo?.tasks as unknown, [input]);
});

test('a model that was unloaded, or never loaded, is not ready', async (t) => {
  const hosts = hostsOf(t);
  await hosts.serve.load(source({}));
  await hosts.serve.unload(ref);
  const error = await t.throwsAsync(hosts.serve.predict(ref, predictJob, call()), { instanceOf: EngineError });
  t.is(error?.code, 'MODEL_NOT_READY');
});

test('one host serves both lanes where they are shared', async (t) => {
  const hosts = hostsOf(t, { hosts: 'shared' });
  t.is(hosts.serve, hosts.attack);
  await hosts.serve.load(source({}));
  await t.notThrowsAsync(finish(hosts.attack.attack(ref, job(1), call())));
});

test('hosts end when they are closed, also in a native call', async (t) => {
  const hosts = hostsOf(t);
  await hosts.attack.load(source({ step: 'hang' }));
  const events = hosts.attack.attack(ref, job(1), call());
  const reading = finish(events).catch((error: unknown) => error);
  await new Promise((resolve) => setTimeout(resolve, 100));
  const { pid } = hosts.attack;
  await hosts.close();
  t.throws(() => process.kill(pid as number, 0), { code: 'ESRCH' });
  t.true((await reading) instanceof EngineError);
});

test('every thread of the attack host has the lowest priority, those of ONNX Runtime too', async (t) => {
  const hosts = startHosts({ memoryBudgetBytes: 2 ** 30, threads: 2, log: () => undefined });
  t.teardown(() => hosts.close());
  await Promise.all([hosts.attack.load(streetSource()), hosts.serve.load(streetSource())]);
  const street = { name: 'street', version: '1' };
  await hosts.serve.predict(street, { inputs: scenesUpTo(1), tasks: ['depth'], fields: [] }, call());
  /** Nice value of each thread: the 19th field, counted behind the name in parentheses, which may hold spaces. */
  const niceValues = (pid: number): number[] =>
    readdirSync(`/proc/${pid}/task`).map((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8');
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
    });
  if (process.platform !== 'linux') {
    t.log('skipped: threads are told by /proc, which this system does not have');
    t.pass();
    return;
  }
  t.true(niceValues(hosts.attack.pid as number).length > 5);
  t.deepEqual([...new Set(niceValues(hosts.attack.pid as number))], [19]);
  t.deepEqual([...new Set(niceValues(hosts.serve.pid as number))], [0]);
});

test('an observer is told of native calls with the time that hosts measured, of restarts and their reasons, of quarantines', async (t) => {
  const told: string[] = [];
  const steps: HostCall[] = [];
  const hosts = hostsOf(t, {
    observer: {
      callEnded(call) {
        if (call.call === 'step') steps.push(call);
      },
      restarted: (lane, reason) => void told.push(`${lane}: ${reason}`),
      quarantined: (lane, model) => void told.push(`${lane}: ${model} is quarantined`),
    },
  });
  await Promise.all([hosts.attack.load(source({ stepMs: 40 })), hosts.attack.load(source({ step: 'abort' }, '2'))]);
  await finish(hosts.attack.attack(ref, job(2), call({ runId: 'measured' })));
  t.is(steps.length, 2);
  for (const { durationMs, ...rest } of steps) {
    t.deepEqual(rest, { lane: 'attack', call: 'step', model: 'm@1', runId: 'measured' });
    t.true(durationMs >= 40 && durationMs < 10_000, `${durationMs} ms`);
  }
  for (let death = 0; death < 3; death++) {
    await t.throwsAsync(finish(hosts.attack.attack({ name: 'm', version: '2' }, job(1), call())));
    await eventually(() => finish(hosts.attack.attack(ref, job(1), call())));
  }
  const quarantined = 'attack: m@2 is quarantined';
  t.deepEqual(told.splice(0), ['attack: crash', 'attack: crash', 'attack: crash', quarantined]);
  process.kill(hosts.attack.pid as number, 'SIGKILL');
  await t.throwsAsync(finish(hosts.attack.attack(ref, job(100), call())));
  await eventually(() => finish(hosts.attack.attack(ref, job(1), call())));
  t.deepEqual(told, ['attack: killed']);
});
