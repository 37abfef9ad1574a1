// The adapters over real gRPC: a server on port 0 whose methods are the test's, and the generated client.
import {
  type ClientReadableStream,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { AttackRequest, type AttackResponse } from '../../../src/contract/robustgate/v1/attack.js';
import {
  type PredictRequest,
  PredictRequest as PredictRequestCodec,
  type PredictResponse,
  PredictResponse as PredictResponseCodec,
} from '../../../src/contract/robustgate/v1/predict.js';
import { RobustnessServiceClient } from '../../../src/contract/robustgate/v1/robustness_service.js';
import { EngineError } from '../../../src/engine/index.js';
import type { CallContext } from '../../../src/server/grpc/call-context.js';
import type { IncomingCall } from '../../../src/server/grpc/call-observer.js';
import { robustnessServiceDefinition } from '../../../src/server/grpc/definitions.js';
import { type HandlerOptions, type StreamAnswer, serverStreaming, unary } from '../../../src/server/grpc/handlers.js';
import { OpenCalls } from '../../../src/server/grpc/open-calls.js';
import { openToAll } from '../../../src/server/security/authorize.js';
import { aborted, gate, until } from '../../support/gate.js';

interface Methods {
  readonly attack?: StreamAnswer<AttackRequest, AttackResponse>;
  readonly predict?: (request: PredictRequest, context: CallContext) => Promise<PredictResponse>;
}

async function serve(t: ExecutionContext, methods: Methods, change: Partial<HandlerOptions> = {}) {
  const calls = new OpenCalls();
  const logged: unknown[] = [];
  const logError = (error: unknown) => void logged.push(error);
  const observer = { begin: ({ traceParent }: IncomingCall) => ({ traceParent, end: () => undefined }) };
  const options = { calls, stallMs: 60_000, logError, authorize: openToAll, observer, ...change };
  const server = new Server();
  const none = unary(async () => {
    throw new Error('not in this test');
  }, options);
  server.addService(robustnessServiceDefinition(), {
    predict: methods.predict === undefined ? none : unary(methods.predict, options),
    attack: methods.attack === undefined ? none : serverStreaming(methods.attack, options),
    gradientNorm: none,
    listModels: none,
    getModel: none,
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const client = new RobustnessServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
  t.teardown(() => {
    client.close();
    server.forceShutdown();
  });
  return { client, calls, logged };
}

const empty = AttackRequest.fromPartial({});
const chunk = (bytes: number, offset = 0): AttackResponse => ({
  event: {
    $case: 'chunk',
    value: { exampleKey: '', payload: undefined, offset: BigInt(offset), total: 0n, data: new Uint8Array(bytes) },
  },
});
const progress = (step: number): AttackResponse => ({
  event: {
    $case: 'progress',
    value: {
      phase: 3,
      queuePosition: 0,
      examplesDone: 0,
      examplesTotal: 0,
      step,
      steps: 0,
      restart: 0,
      restarts: 0,
      losses: [],
      objective: 0,
      gradientNorm: 0,
      elapsedSeconds: 0,
    },
  },
});

/** Resolved when a number stays the same for many turns of the event loop. */
async function calm(number: () => number): Promise<void> {
  for (let [turns, before] = [0, Number.NaN]; turns < 200; turns = number() === before ? turns + 1 : 0) {
    before = number();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Takes one message, and then no more than grpc-js buffers by itself; one that never begins to read would be sent everything. */
async function stopAfterFirst(call: ClientReadableStream<AttackResponse>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    call.once('error', reject);
    call.once('data', () => {
      call.pause();
      call.off('error', reject);
      resolve();
    });
  });
}

const predicting = (client: RobustnessServiceClient, options = {}) =>
  new Promise<PredictResponse>((resolve, reject) => {
    const request = PredictRequestCodec.fromPartial({});
    client.predict(request, new Metadata(), options, (error, reply) =>
      error === null ? resolve(reply) : reject(error),
    );
  });

test('a reader that is slow holds the maker up after a few messages, and gets every one of them', async (t) => {
  const count = 64;
  let made = 0;
  const { client } = await serve(t, {
    async *attack() {
      for (; made < count; made++) yield { message: chunk(2 ** 19, made), isProgress: false };
    },
  });
  const call = client.attack(empty);
  await stopAfterFirst(call);
  await calm(() => made);
  // One is being written and one made, the rest is in the windows of HTTP/2.
  const here = made - 1 - call.readableLength;
  t.true(made < count && here <= 4, `${here} messages wait in the server, ${call.readableLength} in the client`);
  const offsets: number[] = [];
  for await (const { event } of call as AsyncIterable<AttackResponse>) {
    if (event?.$case === 'chunk') offsets.push(Number(event.value.offset));
  }
  t.deepEqual(
    offsets,
    Array.from({ length: count - 1 }, (_, i) => i + 1),
  );
});

test('a slow reader is told the newest progress, and the last one before what follows', async (t) => {
  const { client } = await serve(t, {
    async *attack() {
      yield { message: chunk(2 ** 20), isProgress: false };
      for (let step = 1; step <= 1000; step++) yield { message: progress(step), isProgress: true };
      yield { message: chunk(1), isProgress: false };
    },
  });
  const steps: number[] = [];
  let kinds = '';
  for await (const { event } of client.attack(empty) as AsyncIterable<AttackResponse>) {
    kinds += event?.$case[0];
    if (event?.$case === 'progress') steps.push(event.value.step);
  }
  t.true(steps.length < 1000, `got ${steps.length} messages of progress`);
  t.is(steps.at(-1), 1000);
  t.regex(kinds, /^cp+c$/);
});

test('a failure ends the call also where progress waits for the reader', async (t) => {
  const { client } = await serve(t, {
    async *attack() {
      for (let step = 1; step <= 3; step++) yield { message: progress(step), isProgress: true };
      throw new EngineError('HOST_UNAVAILABLE', 'expected a host, got none');
    },
  });
  const call = client.attack(empty, new Metadata(), { deadline: Date.now() + 20_000 });
  call.resume();
  const { code } = await new Promise<ServiceError>((resolve) => call.once('error', resolve));
  t.is(code, status.UNAVAILABLE);
});

test('a reader that takes nothing for too long is cut off, and its maker is ended', async (t) => {
  const ended = gate();
  const { client } = await serve(
    t,
    {
      async *attack() {
        try {
          for (;;) yield { message: chunk(2 ** 20), isProgress: false };
        } finally {
          ended.open();
        }
      },
    },
    { stallMs: 50 },
  );
  const call = client.attack(empty);
  await stopAfterFirst(call);
  await ended.opened;
  const error = await t.throwsAsync<ServiceError>(async () => {
    for await (const _ of call);
  });
  t.is(error?.code, status.RESOURCE_EXHAUSTED);
  t.regex(error?.details ?? '', /takes a message within 0.05 s/);
});

test('a client that leaves while the maker waits for it ends the maker', async (t) => {
  const ended = gate();
  let signal: AbortSignal | undefined;
  const { client, calls, logged } = await serve(t, {
    async *attack(_, context) {
      signal = context.signal;
      try {
        for (;;) yield { message: chunk(2 ** 20), isProgress: false };
      } finally {
        ended.open();
      }
    },
  });
  const call = client.attack(empty);
  await stopAfterFirst(call);
  call.on('error', () => undefined);
  call.cancel();
  await ended.opened;
  t.true(signal?.aborted);
  await calls.whenNone();
  t.deepEqual(logged, []);
});

test('a normal end is no cancel for the maker', async (t) => {
  let wasAborted: boolean | undefined;
  const { client, calls } = await serve(t, {
    async *attack(_, { signal }) {
      yield { message: chunk(1), isProgress: false };
      wasAborted = signal.aborted;
    },
  });
  for await (const _ of client.attack(empty));
  t.false(wasAborted);
  await calls.whenNone();
  t.is(calls.count, 0);
});

for (const [what, deadline, isSeen] of [
  ['a deadline', () => Date.now() + 50_000, true],
  ['one in 19 days', () => Date.now() + 19 * 24 * 3600 * 1000, true],
  ['one in 21 days, which is as good as none,', () => Date.now() + 21 * 24 * 3600 * 1000, false],
  ['none', () => undefined, false],
] as const) {
  test(`${what} is ${isSeen ? '' : 'not '}told to the method`, async (t) => {
    let seen: number | undefined;
    const { client } = await serve(t, {
      async predict(_, { deadlineMs }) {
        seen = deadlineMs;
        return PredictResponseCodec.fromPartial({});
      },
    });
    const at = deadline();
    const before = performance.now() - Date.now();
    await predicting(client, at === undefined ? {} : { deadline: at });
    if (!isSeen || at === undefined) t.is(seen, undefined);
    else t.true(Math.abs((seen ?? 0) - (at + before)) < 2000, `got ${seen}`);
  });
}

test('a unary client that leaves aborts the method', async (t) => {
  const [begun, ended] = [gate(), gate()];
  const { client } = await serve(t, {
    async predict(_, { signal }) {
      begun.open();
      await aborted(signal);
      ended.open();
      return PredictResponseCodec.fromPartial({});
    },
  });
  const call = client.predict(PredictRequestCodec.fromPartial({}), () => undefined);
  await begun.opened;
  call.cancel();
  await ended.opened;
  t.pass();
});

test('calls that are cut off get the error that says why, unary and streaming, waiting for the method or for the reader', async (t) => {
  const forever = new Promise<never>(() => undefined);
  const ended = gate();
  let made = 0;
  const { client, calls, logged } = await serve(t, {
    predict: () => forever,
    async *attack({ modelName }, { signal }) {
      try {
        for (; modelName === 'fast'; made++) yield { message: chunk(2 ** 20), isProgress: false };
      } finally {
        if (modelName === 'fast') ended.open();
      }
      await aborted(signal);
      throw new Error('something that the cut led to');
    },
  });
  const unaryCall = t.throwsAsync<ServiceError>(predicting(client));
  const reading = client.attack(empty);
  const waiting = client.attack(AttackRequest.fromPartial({ modelName: 'fast' }));
  await stopAfterFirst(waiting);
  const streams = [reading, waiting].map((call) =>
    t.throwsAsync<ServiceError>(async () => {
      if (call === waiting) await ended.opened;
      for await (const _ of call);
    }),
  );
  await until(() => calls.count === 3);
  await calm(() => made);
  calls.cut(new EngineError('DRAINING', 'expected time, got none', { retryAfterMs: 1000 }));
  for (const error of await Promise.all([unaryCall, ...streams])) {
    t.is(error?.code, status.UNAVAILABLE);
    t.is(error?.details, 'expected time, got none');
    t.true(error?.metadata.get('grpc-status-details-bin').length === 1);
  }
  t.deepEqual(logged, []);
});

test('bytes that are no request are the client’s mistake, unary and streaming', async (t) => {
  const { client } = await serve(t, {
    predict: async () => t.fail() as never,
    // biome-ignore lint/correctness/useYield: it must not be asked
    async *attack() {
      t.fail();
    },
  });
  const path = '/robustgate.v1.RobustnessService/';
  // Field 1 with a length that goes beyond the end.
  const nonsense = (): Buffer => Buffer.from([0x0a, 0x7f, 0x01]);
  const unaryError = await new Promise<ServiceError | null>((resolve) => {
    client.makeUnaryRequest(
      `${path}Predict`,
      nonsense,
      (bytes) => bytes,
      undefined,
      (error) => resolve(error),
    );
  });
  const stream = client.makeServerStreamRequest(`${path}Attack`, nonsense, (bytes) => bytes, undefined);
  const streamError = await t.throwsAsync<ServiceError>(async () => {
    for await (const _ of stream);
  });
  for (const error of [unaryError, streamError]) {
    t.is(error?.code, status.INVALID_ARGUMENT);
    t.regex(error?.details ?? '', /expected a message of this method/);
  }
});

test('trace context is told to the method', async (t) => {
  const metadata = new Metadata();
  metadata.set('traceparent', '00-1-2-01');
  let seen: string | undefined;
  const { client } = await serve(t, {
    async *attack(_, { traceParent }) {
      seen = traceParent;
      yield { message: chunk(1), isProgress: false };
    },
  });
  for await (const _ of client.attack(empty, metadata));
  t.is(seen, '00-1-2-01');
});
