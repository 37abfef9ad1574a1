import test from 'ava';
import { concurrentGate } from '../../../src/engine/runs/concurrent-gate.js';

/** A call that ends when it is told to. */
function call() {
  let resolve = (_value: string): void => undefined;
  let reject = (_error: Error): void => undefined;
  const promise = new Promise<string>((settle, fail) => {
    [resolve, reject] = [settle, fail];
  });
  const state = { hasBegun: false };
  const begin = (): Promise<string> => {
    state.hasBegun = true;
    return promise;
  };
  return { state, begin, resolve: (value: string) => resolve(value), reject: (error: Error) => reject(error) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const { signal } = new AbortController();

test('so many calls run at a time, and the others follow in their order, also after a failure', async (t) => {
  const gate = concurrentGate(2);
  const calls = [call(), call(), call(), call()];
  const results = calls.map(({ begin }) => gate.run('predict', 0, signal, begin));
  const begun = () => calls.map(({ state }) => state.hasBegun);
  await turn();
  t.deepEqual(begun(), [true, true, false, false]);
  calls[1]?.reject(new Error('refused'));
  await t.throwsAsync(results[1] as Promise<string>, { message: 'refused' });
  await turn();
  t.deepEqual(begun(), [true, true, true, false]);
  calls[0]?.resolve('first');
  t.is(await results[0], 'first');
  await turn();
  t.deepEqual(begun(), [true, true, true, true]);
  calls[2]?.resolve('third');
  calls[3]?.resolve('fourth');
  t.deepEqual(await Promise.all([results[2], results[3]]), ['third', 'fourth']);
});

test('a caller that aborts is let go at once, waiting or not, and its place is free when its call ends', async (t) => {
  const gate = concurrentGate(1);
  const [running, waiting, next] = [call(), call(), call()];
  const [first, second] = [new AbortController(), new AbortController()];
  const results = [
    gate.run('predict', 0, first.signal, running.begin),
    gate.run('predict', 0, second.signal, waiting.begin),
  ];
  const third = gate.run('predict', 0, signal, next.begin);
  await turn();
  second.abort();
  first.abort();
  for (const result of results) await t.throwsAsync(result, { any: true, name: 'AbortError' });
  await turn();
  t.false(next.state.hasBegun);
  running.resolve('nobody hears it');
  await turn();
  t.true(next.state.hasBegun);
  t.false(waiting.state.hasBegun);
  next.resolve('third');
  t.is(await third, 'third');
});
