import { credentials, makeGenericClientConstructor, type ServiceError, status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { service } from 'grpc-health-check';
import { EngineError } from '../../../src/engine/index.js';
import { gate, until } from '../../support/gate.js';
import { addToy, toyGateway } from '../../support/toy-gateway.js';
import { toyInfo } from '../../support/toy-hosts.js';

interface HealthReply {
  readonly status: string;
}

function healthOf(t: ExecutionContext, address: string) {
  const Client = makeGenericClientConstructor(service, 'Health');
  const client = new Client(address, credentials.createInsecure());
  t.teardown(() => client.close());
  const { path: checkPath, requestSerialize, responseDeserialize } = service['Check'] as (typeof service)[string];
  const { path: watchPath } = service['Watch'] as (typeof service)[string];
  const decode = (bytes: Buffer) => responseDeserialize(bytes) as HealthReply;
  return {
    check: (name: string) =>
      new Promise<string>((resolve, reject) => {
        client.makeUnaryRequest(checkPath, requestSerialize, decode, { service: name }, (error, reply) =>
          error === null ? resolve((reply as HealthReply).status) : reject(error),
        );
      }),
    watch: (name: string) => client.makeServerStreamRequest(watchPath, requestSerialize, decode, { service: name }),
  };
}

const ready = async (address: string): Promise<number> => (await fetch(`http://${address}/readyz`)).status;

test('a gateway with a model that serves is ready, and so are the model and the service', async (t) => {
  const { gateway } = await toyGateway(t);
  const { check } = healthOf(t, gateway.grpcAddress);
  for (const name of ['', 'liveness', 'model/toy', 'robustgate.v1.RunService', 'robustgate.v1.ProbeService']) {
    t.is(await check(name), 'SERVING', name);
  }
  t.is(await ready(gateway.adminAddress), 200);
  const error = await t.throwsAsync<ServiceError>(check('model/other'));
  t.is(error?.code, status.NOT_FOUND);
});

const oneOfTwo = {
  load: async (source: Parameters<typeof toyInfo>[0]) => {
    if (source.name === 'bad') throw new EngineError('INVALID_MODEL', 'expected weights, got none');
    return toyInfo(source);
  },
};
for (const [readiness, models, isReady] of [
  ['any', ['toy', 'bad'], true],
  ['all', ['toy', 'bad'], false],
  ['all', ['toy'], true],
  ['any', ['bad'], false],
  ['any', [], false],
  ['all', [], false],
] as const) {
  test(`readiness: ${readiness} with ${models.join(' and ') || 'no model'} is ${isReady ? '' : 'not '}ready, and alive`, async (t) => {
    const { gateway } = await toyGateway(t, oneOfTwo, { models, config: { readiness } });
    const { check } = healthOf(t, gateway.grpcAddress);
    t.is(await check(''), isReady ? 'SERVING' : 'NOT_SERVING');
    t.is(await check('liveness'), 'SERVING');
    t.is(await ready(gateway.adminAddress), isReady ? 200 : 503);
    t.is((await fetch(`http://${gateway.adminAddress}/livez`)).status, 200);
    for (const name of models) t.is(await check(`model/${name}`), name === 'toy' ? 'SERVING' : 'NOT_SERVING');
  });
}

test('who watches is told of every change, and a drain does not wait for them', async (t) => {
  const { gateway, models } = await toyGateway(
    t,
    {},
    { config: { modelControl: 'poll', pollSeconds: 0.01, drainSeconds: 60 } },
  );
  const { watch } = healthOf(t, gateway.grpcAddress);
  const told: string[] = [];
  const [later, whole] = [watch('model/later'), watch('')];
  const end = gate();
  for (const [name, call] of [
    ['later', later],
    ['', whole],
  ] as const) {
    call.on('error', () => end.open());
    call.on('end', () => end.open());
    call.on('data', (reply: HealthReply) => told.push(`${name}: ${reply.status}`));
  }
  await until(() => told.length === 2);
  await addToy(models, 'later', '1');
  await until(() => told.includes('later: SERVING'));
  const before = performance.now();
  await gateway.drain();
  t.true(performance.now() - before < 10_000, 'it has 60 s for calls, of which there are none');
  await gateway.close();
  await end.opened;
  t.deepEqual(
    told.filter((line) => line.startsWith('later')),
    ['later: SERVICE_UNKNOWN', 'later: NOT_SERVING', 'later: SERVING', 'later: NOT_SERVING'],
  );
  t.deepEqual(
    told.filter((line) => !line.startsWith('later')),
    [': SERVING', ': NOT_SERVING'],
  );
});
