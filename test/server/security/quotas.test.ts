import test from 'ava';
import type { EngineError } from '../../../src/engine/index.js';
import { quotasSchema } from '../../../src/server/security/config.js';
import { Quotas } from '../../../src/server/security/quotas.js';

function quotasOf(config: object) {
  let nowMs = 0;
  const quotas = new Quotas(quotasSchema.parse(config), () => nowMs);
  const pass = (ms: number): void => {
    nowMs += ms;
  };
  return { quotas, pass };
}

test('without quotas nothing is refused', (t) => {
  const { quotas } = quotasOf({});
  for (let i = 0; i < 100; i++) t.notThrows(() => quotas.enter('a', 1e9));
});

test('image·steps come back steadily, and a refusal says when there are enough', (t) => {
  const { quotas, pass } = quotasOf({ default: { imageStepsPerMinute: 600 } });
  quotas.enter('a', 500);
  const error = t.throws<EngineError>(() => quotas.enter('a', 200));
  t.is(error.code, 'QUOTA_EXCEEDED');
  t.is(error.details.retryAfterMs, 10_000, '100 lack, at 10 a second');
  t.notThrows(() => quotas.enter('b', 600), 'another principal has its own');
  pass(9_999);
  t.throws(() => quotas.enter('a', 200));
  pass(1);
  t.notThrows(() => quotas.enter('a', 200));
  pass(3_600_000);
  t.notThrows(() => quotas.enter('a', 600));
  t.throws(() => quotas.enter('a', 1), undefined, 'an hour does not fill it beyond a minute');
});

test('a run larger than the bucket is refused without a time to retry', (t) => {
  const { quotas } = quotasOf({ default: { imageStepsPerMinute: 600, burstImageSteps: 1000 } });
  t.notThrows(() => quotas.enter('a', 1000));
  const { details } = t.throws<EngineError>(() => quotas.enter('b', 1001));
  t.is(details.retryAfterMs, undefined);
});

test('runs at a time are given back once each', (t) => {
  const { quotas } = quotasOf({ principals: { a: { concurrentRuns: 2 } } });
  const first = quotas.enter('a', 1);
  quotas.enter('a', 1);
  t.throws(() => quotas.enter('a', 1));
  first.leave();
  first.leave();
  t.notThrows(() => quotas.enter('a', 1));
  t.throws(() => quotas.enter('a', 1));
  t.notThrows(() => quotas.enter('toString', 1), 'a name of an object is a name');
});
