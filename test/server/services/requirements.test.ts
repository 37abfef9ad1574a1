import test from 'ava';
import type { EngineError } from '../../../src/engine/index.js';
import { ANYONE } from '../../../src/server/security/principal.js';
import { requireServing, requireTime } from '../../../src/server/services/requirements.js';

const context = (deadlineMs: number | undefined) => ({
  signal: new AbortController().signal,
  deadlineMs,
  traceParent: undefined,
  metadata: () => undefined,
  principal: ANYONE,
});

test('a deadline that leaves time for nothing is refused, others and none are not', (t) => {
  for (const leftMs of [-5, 0, 50]) {
    const error = t.throws<EngineError>(() => requireTime(context(performance.now() + leftMs)));
    t.is(error.code, 'DEADLINE_TOO_SHORT');
  }
  t.notThrows(() => requireTime(context(performance.now() + 5000)));
  t.notThrows(() => requireTime(context(undefined)));
});

test('a gateway that shuts down takes nothing new, and says when to try another', (t) => {
  const error = t.throws<EngineError>(() => requireServing({ draining: AbortSignal.abort() }));
  t.like(error, { code: 'DRAINING', details: { retryAfterMs: 1000 } });
  t.notThrows(() => requireServing({ draining: new AbortController().signal }));
});
