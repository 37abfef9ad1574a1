import { once } from 'node:events';
import { status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { type Client, type ConnectOptions, connect, PredictRequest, RobustgateError } from '../../src/clients/index.js';
import { AttackResponse, AttackSummary } from '../../src/contract/robustgate/v1/attack.js';
import { GradientNormResponse } from '../../src/contract/robustgate/v1/gradient_norm.js';
import { GetModelResponse, ListModelsResponse } from '../../src/contract/robustgate/v1/model.js';
import { PredictResponse } from '../../src/contract/robustgate/v1/predict.js';
import {
  type AttackCall,
  endWith,
  failure,
  type Script,
  scriptedGateway,
  writeWhenRoom,
} from '../support/scripted-gateway.js';

async function clientOf(t: ExecutionContext, script: Script, options?: ConnectOptions): Promise<Client> {
  const client = connect(await scriptedGateway(t, script), options);
  t.teardown(() => client.close());
  return client;
}

const progress = (step: number) => AttackResponse.fromPartial({ event: { $case: 'progress', value: { step } } });
const chunk = (offset: number, data: Uint8Array) =>
  AttackResponse.fromPartial({ event: { $case: 'chunk', value: { offset, total: 2 ** 30, data } } });
const summary = AttackResponse.create({ event: { $case: 'summary', value: AttackSummary.create() } });
const request = { modelName: 'street' };

const caught = async (t: ExecutionContext, promise: Promise<unknown>): Promise<RobustgateError> => {
  const error = await t.throwsAsync(promise, { instanceOf: RobustgateError });
  return error as RobustgateError;
};

test('unary calls resolve with the answer', async (t) => {
  const client = await clientOf(t, {
    predict: (call, answer) => answer(null, PredictResponse.create({ modelName: call.request.modelName })),
    listModels: (_, answer) => answer(null, ListModelsResponse.create({ models: [{ name: 'a' }, { name: 'b' }] })),
    getModel: (call, answer) => answer(null, GetModelResponse.create({ model: { name: call.request.name } })),
  });
  t.is((await client.predict(request)).modelName, 'street');
  t.deepEqual(
    (await client.listModels()).models.map(({ name }) => name),
    ['a', 'b'],
  );
  t.is((await client.getModel({ name: 'street' })).model?.name, 'street');
});

test('a prediction may be as large as the client accepts, and says so', async (t) => {
  const asked: (bigint | undefined)[] = [];
  const data = new Uint8Array(6 * 2 ** 20);
  const client = await clientOf(t, {
    predict: (call, answer) => {
      asked.push(call.request.maxReplyBytes);
      answer(null, PredictResponse.create({ predictions: [{ tasks: [{ values: { data } }] }] }));
    },
  });
  const { predictions } = await client.predict(request);
  t.is(predictions[0]?.tasks[0]?.values?.data.length, data.length);
  await client.predict({ ...request, maxReplyBytes: 5 * 2 ** 20 });
  t.deepEqual(asked, [64n * 2n ** 20n, 5n * 2n ** 20n]);
});

test('streams yield their events in order, until the end', async (t) => {
  const client = await clientOf(t, {
    attack: (call) => {
      for (let step = 1; step <= 40; step++) call.write(progress(step));
      endWith(call, summary);
    },
    gradientNorm: (call) => endWith(call, GradientNormResponse.fromPartial({ event: { $case: 'started', value: {} } })),
  });
  const steps: unknown[] = [];
  for await (const event of client.attack(request))
    steps.push(event.$case === 'progress' ? event.value.step : event.$case);
  t.deepEqual(steps, [...Array.from({ length: 40 }, (_, i) => i + 1), 'summary']);
  for await (const event of client.gradientNorm(request)) t.is(event.$case, 'started');
});

test('an event that only a newer gateway knows is passed over', async (t) => {
  const client = await clientOf(t, {
    attack: (call) => {
      call.write(AttackResponse.create());
      endWith(call, summary);
    },
  });
  for await (const event of client.attack(request)) t.is(event.$case, 'summary');
});

test('errors carry status, reason, violations, metadata and when to come back', async (t) => {
  const violations = [{ field: 'attack.steps', description: 'expected ≥ 1, got 0' }];
  const facts = { reason: 'QUEUE_FULL', metadata: { model: 'street' }, violations, retryAfterMs: 2500 };
  const client = await clientOf(t, {
    predict: (_, answer) => answer(failure(status.RESOURCE_EXHAUSTED, 'full', facts)),
  });
  const error = await caught(t, client.predict(request));
  t.is(error.message, 'full');
  t.is(error.code, 'QUEUE_FULL');
  t.is(error.status, status.RESOURCE_EXHAUSTED);
  t.is(error.statusName, 'RESOURCE_EXHAUSTED');
  t.deepEqual(
    error.violations.map(({ field, description }) => ({ field, description })),
    violations,
  );
  t.deepEqual({ ...error.metadata }, { model: 'street' });
  t.is(error.retryAfterMs, 2500);
});

test('an error without details, or with unreadable ones, still tells its status', async (t) => {
  const broken = failure(status.NOT_FOUND, 'no such model');
  broken.metadata.set('grpc-status-details-bin', Buffer.from([0xff, 0xff]));
  const answers = [{ code: status.NOT_FOUND, details: 'no such model' }, broken];
  const client = await clientOf(t, { getModel: (_, answer) => answer(answers.shift() ?? null) });
  for (let i = 0; i < 2; i++) {
    const error = await caught(t, client.getModel({ name: 'x' }));
    t.deepEqual([error.code, error.message, error.violations], ['NOT_FOUND', 'no such model', []]);
  }
});

test('a gateway that is not there is unavailable', async (t) => {
  const client = connect('127.0.0.1:1');
  t.teardown(() => client.close());
  t.is((await caught(t, client.listModels())).code, 'UNAVAILABLE');
  t.is((await caught(t, Promise.resolve(client.attack(request).next()))).code, 'UNAVAILABLE');
});

test('what came before an error is delivered before the error', async (t) => {
  const client = await clientOf(t, {
    attack: (call) => {
      for (let step = 1; step <= 10; step++) call.write(progress(step));
      call.emit('error', failure(status.UNAVAILABLE, 'host lost', { reason: 'HOST_UNAVAILABLE' }));
    },
  });
  let seen = 0;
  const error = await caught(
    t,
    (async () => {
      for await (const event of client.attack(request)) if (event.$case === 'progress') seen++;
    })(),
  );
  t.is(seen, 10);
  t.is(error.code, 'HOST_UNAVAILABLE');
});

test('a unary call that is unavailable for a while is tried again, as often as asked', async (t) => {
  let calls = 0;
  const script: Script = {
    predict: (_, answer) => {
      calls++;
      if (calls % 3 === 0) answer(null, PredictResponse.create({ modelName: 'street' }));
      else answer(failure(status.UNAVAILABLE, 'draining', { reason: 'DRAINING', retryAfterMs: 1 }));
    },
  };
  const patient = await clientOf(t, script, { attempts: 3 });
  t.is((await patient.predict(request)).modelName, 'street');
  t.is(calls, 3);
  const hasty = await clientOf(t, script);
  t.is((await caught(t, hasty.predict(request))).code, 'DRAINING');
  t.is(calls, 4);
});

const notTriedAgain = test.macro(async (t, code: number, retryAfterMs: number | undefined, timeoutMs?: number) => {
  let calls = 0;
  const client = await clientOf(
    t,
    {
      predict: (_, answer) => {
        calls++;
        answer(failure(code, 'no', retryAfterMs === undefined ? {} : { retryAfterMs }));
      },
    },
    { attempts: 3 },
  );
  await caught(t, client.predict(request, { timeoutMs }));
  t.is(calls, 1);
});
test('a call is not tried again when nobody says when', notTriedAgain, status.UNAVAILABLE, undefined);
test('a call is not tried again when it is wrong', notTriedAgain, status.INVALID_ARGUMENT, 1);
test(
  'a call is not tried again when that would be after its deadline',
  notTriedAgain,
  status.UNAVAILABLE,
  60_000,
  5000,
);

test('an aborted signal cancels a unary call, on the server too', async (t) => {
  const stop = new AbortController();
  let cancelled: Promise<unknown> | undefined;
  const client = await clientOf(t, {
    predict: (call) => {
      cancelled = once(call, 'cancelled');
      stop.abort(new Error('enough'));
    },
  });
  const error = await caught(t, client.predict(request, { signal: stop.signal }));
  t.is(error.code, 'CANCELLED');
  t.is((error.cause as Error).message, 'enough');
  await cancelled;
  t.is((await caught(t, client.predict(request, { signal: stop.signal }))).code, 'CANCELLED');
});

test('an aborted signal ends the wait before another try', async (t) => {
  const stop = new AbortController();
  const client = await clientOf(
    t,
    {
      predict: (_, answer) => {
        answer(failure(status.UNAVAILABLE, 'draining', { retryAfterMs: 3_600_000 }));
        setImmediate(() => stop.abort());
      },
    },
    { attempts: 2 },
  );
  const waiting = client.predict(request, { signal: stop.signal });
  const error = await caught(t, waiting);
  t.true(error.code === 'CANCELLED');
});

const cancels = test.macro(
  async (t, stopReading: (events: AsyncIterableIterator<unknown>, abort: () => void) => Promise<void>) => {
    let cancelled: Promise<unknown> | undefined;
    const client = await clientOf(t, {
      attack: (call) => {
        cancelled = once(call, 'cancelled');
        call.write(progress(1));
      },
    });
    const stop = new AbortController();
    const events = client.attack(request, { signal: stop.signal });
    await stopReading(events, () => stop.abort());
    await cancelled;
    t.not(cancelled, undefined);
  },
);

test('an aborted signal cancels a stream', cancels, async (events, abort) => {
  await events.next();
  abort();
  await events.next().then(
    () => Promise.reject(new Error('expected an error')),
    (error) => (error.code === 'CANCELLED' ? undefined : Promise.reject(error)),
  );
});
test('leaving the loop cancels a stream', cancels, async (events) => {
  for await (const _ of events) break;
});

test('a stream whose signal is aborted already calls nobody', async (t) => {
  const client = await clientOf(t, { attack: () => t.fail() });
  t.is((await caught(t, client.attack(request, { signal: AbortSignal.abort() }).next())).code, 'CANCELLED');
});

test('a call that takes longer than its timeout is given up', async (t) => {
  const client = await clientOf(t, { predict: () => {}, attack: (call) => call.write(progress(1)) });
  t.is((await caught(t, client.predict(request, { timeoutMs: 30 }))).code, 'DEADLINE_EXCEEDED');
  const events = client.attack(request, { timeoutMs: 3000 });
  t.is((await events.next()).done, false);
  t.is((await caught(t, events.next())).code, 'DEADLINE_EXCEEDED');
});

test('a timeout of a year is cut to 20 days, which gRPC can count', async (t) => {
  let deadline = 0;
  const client = await clientOf(t, {
    predict: (call, answer) => {
      deadline = Number(call.getDeadline()) - Date.now();
      answer(null, PredictResponse.create());
    },
  });
  await client.predict(request, { timeoutMs: 365 * 24 * 3600 * 1000 });
  const days = deadline / (24 * 3600 * 1000);
  t.true(days > 19.9 && days < 20.1, `${days}`);
});

test('a timeout of 0 is refused', async (t) => {
  const client = await clientOf(t, {});
  await t.throwsAsync(client.predict(request, { timeoutMs: 0 }), { message: 'expected timeoutMs > 0, got 0' });
  t.throws(() => client.attack(request, { timeoutMs: Number.NaN }), { message: 'expected timeoutMs > 0, got NaN' });
});

test('metadata goes with every call', async (t) => {
  const seen: unknown[] = [];
  const client = await clientOf(
    t,
    {
      predict: (call, answer) => {
        seen.push(call.metadata.get('authorization'));
        answer(null, PredictResponse.create());
      },
      attack: (call) => {
        seen.push(call.metadata.get('authorization'));
        endWith(call, summary);
      },
    },
    { metadata: { authorization: 'Bearer x' } },
  );
  await client.predict(request);
  for await (const _ of client.attack(request));
  t.deepEqual(seen, [['Bearer x'], ['Bearer x']]);
});

test('a request above the limit is refused before it is sent', async (t) => {
  const client = await clientOf(t, { predict: () => t.fail() }, { maxMessageBytes: 1000 });
  const value = new Uint8Array(2000);
  const error = await caught(t, client.predict({ examples: [{ input: { $case: 'encodedImage', value } }] }));
  t.is(error.code, 'RESOURCE_EXHAUSTED');
});

/** Writes messages of 512 KiB, each once there is room for it, and counts those. */
async function floodUntilFull(call: AttackCall, counter: { written: number }): Promise<void> {
  const data = new Uint8Array(512 * 1024);
  for (let i = 0; i < 1000; i++) {
    if (!(await writeWhenRoom(call, chunk(i * data.length, data)))) return;
    counter.written++;
  }
  endWith(call, summary);
}

for (const reads of [0, 1]) {
  test(`a reader that stops after ${reads} messages holds up its own stream, and no other call`, async (t) => {
    const counter = { written: 0 };
    const data = new Uint8Array(6 * 2 ** 20);
    const client = await clientOf(t, {
      attack: (call) => void floodUntilFull(call, counter),
      predict: (_, answer) => answer(null, PredictResponse.create({ predictions: [{ tasks: [{ raw: { data } }] }] })),
    });
    const events = client.attack(request);
    for (let i = 0; i < reads; i++) await events.next();
    let before = -1;
    while (counter.written !== before) {
      before = counter.written;
      for (let i = 0; i < 3; i++) await client.predict(request);
    }
    t.true(counter.written > 0 && counter.written < 80, `${counter.written}`);
    await events.return?.();
  });
}

test('requests are messages of the contract, so that they can be made ahead', (t) => {
  t.is(PredictRequest.fromPartial({ modelName: 'street', maxReplyBytes: 7 }).maxReplyBytes, 7n);
});
