import { status } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import { gatewayTarget } from '../../../src/cli/evaluation/gateway-target.js';
import { AttackField, connect, type DeepPartial, Norm, RandomStart, TerminatedBy } from '../../../src/clients/index.js';
import { type AttackRequest, AttackResponse } from '../../../src/contract/robustgate/v1/attack.js';
import {
  type AttackTarget,
  type DatasetExample,
  parseSpec,
  type TargetEvent,
  type TargetModel,
} from '../../../src/engine/index.js';
import { type AttackCall, failure, scriptedGateway } from '../../support/scripted-gateway.js';

const model = { name: 'm', version: '3', sha256: 'aa', provider: 'cpu', tasks: [] } as TargetModel;
const example = (key: string): DatasetExample => ({
  key,
  input: { form: 'file', data: Uint8Array.of(1) },
  labels: new Map(),
});
const metric = { name: 'accuracy', value: 0.5, higherIsBetter: true, count: 4n, sum: 2, confusion: [] };
const provenance = { modelSha256: 'aa', programVersion: 'p', provider: 'cpu', batchSize: 8, seed: 7n };

type Event = NonNullable<AttackResponse['event']>;
const answer = (call: AttackCall, events: readonly DeepPartial<Event>[]): void => {
  for (const event of events) call.write(AttackResponse.fromPartial({ event } as DeepPartial<AttackResponse>));
  call.end();
};
const result = (exampleKey: string): DeepPartial<Event> => ({
  $case: 'result',
  value: {
    exampleKey,
    tasks: [{ task: 'class', attacked: true, labelSource: 1, clean: metric, adversarial: metric, broken: true }],
    perturbation: { linf: 4, l2: 9 },
    steps: 2,
    terminatedBy: TerminatedBy.EARLY_STOP,
    batchSize: 8,
  },
});
const summary = (changes: object = {}): DeepPartial<Event> => ({
  $case: 'summary',
  value: { terminatedBy: TerminatedBy.COMPLETED, provenance, ...changes },
});

/** A target whose gateway answers calls in turn, the last of the answers for ever. */
async function targetOf(t: ExecutionContext, ...answers: ((call: AttackCall) => void)[]) {
  const requests: AttackRequest[] = [];
  const logged: string[] = [];
  const server = await scriptedGateway(t, {
    attack: (call) => {
      requests.push(call.request);
      answers[Math.min(requests.length, answers.length) - 1]?.(call);
    },
  });
  const client = connect(server);
  t.teardown(() => client.close());
  const log = (text: string): void => void logged.push(text);
  return {
    requests,
    logged,
    target: gatewayTarget(client, model, { patienceMs: 5000, log }),
  };
}

async function attack(
  target: AttackTarget,
  spec = 'pgd(steps=2,eps=4)',
  pictures = false,
  events: TargetEvent[] = [],
): Promise<TargetEvent[]> {
  const call = { signal: new AbortController().signal, pictures };
  for await (const event of target.attack(parseSpec(spec), [example('a'), example('b')], call)) events.push(event);
  return events;
}

const good = (call: AttackCall): void => answer(call, [result('b'), result('a'), summary()]);
const refuse =
  (code: status, text: string, facts: Parameters<typeof failure>[2] = {}) =>
  (call: AttackCall): void =>
    void call.emit('error', failure(code, text, facts));

test('results come in the order of the examples, with sums and words of the engine', async (t) => {
  const { target } = await targetOf(t, good);
  const events = await attack(target);
  t.deepEqual(
    events.map((event) => (event.type === 'result' ? event.result.key : event.type)),
    ['a', 'b', 'summary'],
  );
  t.like(events[0], {
    result: {
      terminatedBy: 'early-stop',
      tasks: { 0: { labelSource: 'request', clean: { part: { count: 4, sum: 2 } } } },
    },
  });
  t.like(events[2], { provenance: { seed: 7, programVersion: 'p' } });
});

test('a request pins the version, fills batches, and asks for pictures only where they are wanted', async (t) => {
  const { target, requests } = await targetOf(t, good);
  await attack(target, 'targeted-pgd(steps=2,eps=4,start=upper-corner,norm=l2)@sign-sum(class=2:margin)', true);
  await attack(target);
  t.like(requests[0], { modelName: 'm', modelVersion: '3', fullBatches: true, targeted: true });
  t.like(requests[0]?.attack, { steps: 2, epsilon: 4, randomStart: RandomStart.UPPER_CORNER, norm: Norm.L2 });
  t.deepEqual(requests[0]?.objective, { combination: 3, tasks: [{ task: 'class', weight: 2, loss: 'margin' }] });
  t.deepEqual(
    requests.map(({ fields }) => fields),
    [[AttackField.ADVERSARIAL_PNG], [AttackField.NONE]],
  );
});

test('a call is made again after a gateway was away, full or going, and no result is there twice', async (t) => {
  const { target, requests, logged } = await targetOf(
    t,
    refuse(status.UNAVAILABLE, 'restarting', { reason: 'HOST_UNAVAILABLE', retryAfterMs: 1 }),
    refuse(status.RESOURCE_EXHAUSTED, 'too many', { reason: 'QUEUE_FULL', retryAfterMs: 1 }),
    (call) => answer(call, [result('a'), result('b'), summary({ terminatedBy: TerminatedBy.DRAIN })]),
    good,
  );
  t.is((await attack(target)).length, 3);
  t.is(requests.length, 4);
  t.regex(logged[0] ?? '', /HOST_UNAVAILABLE: restarting; trying again/);
});

test('patience ends, and what another try would not change is told at once', async (t) => {
  const away = await targetOf(t, refuse(status.UNAVAILABLE, 'gone', { retryAfterMs: 60_000 }));
  await t.throwsAsync(attack(away.target), { message: 'gone' });
  t.is(away.requests.length, 1);
  const violations = [{ field: 'examples[1].labels', description: 'expected a map' }];
  const wrong = await targetOf(t, refuse(status.INVALID_ARGUMENT, 'bad', { reason: 'INVALID_REQUEST', violations }));
  const error = await t.throwsAsync(attack(wrong.target), { name: 'EngineError', code: 'INVALID_REQUEST' });
  t.like(error, { details: { violations } });
  t.is(wrong.requests.length, 1);
});

test('a model that was replaced meanwhile ends the evaluation, without a result', async (t) => {
  const changed = { provenance: { ...provenance, modelSha256: 'bb' } };
  const { target } = await targetOf(t, (call) => answer(call, [result('a'), result('b'), summary(changed)]));
  const events: TargetEvent[] = [];
  const error = { code: 'MODEL_CHANGED', message: /SHA-256 aa, got bb/ };
  await t.throwsAsync(attack(target, 'fgsm(eps=4)', false, events), error);
  t.deepEqual(events, []);
});
