import test from 'ava';
import { AttackRequest } from '../../../src/contract/robustgate/v1/attack.js';
import { readRunTicket } from '../../../src/server/runs/read-run-ticket.js';
import { toyExample } from '../../support/toy-gateway.js';

const example = toyExample(7, 'a');
const labels = { ...example.labels, depth: { value: { $case: 'classId' as const, value: 3n } } };
const base = AttackRequest.fromPartial({
  modelName: 'toy',
  examples: [{ ...example, labels }, toyExample(9, 'b')],
  attack: { name: 'pgd', steps: 3 },
  requestId: 'r',
});
const digest = (change: Partial<AttackRequest>, kind: 'attack' | 'gradient-norm' = 'attack') =>
  readRunTicket(kind, { ...base, ...change }, 'me').requestDigest;

for (const [what, change] of [
  ['another request id', { requestId: 's' }],
  ['another way to start', { detach: true }],
  ['labels in another order', { examples: [{ ...example, labels: reversed(labels) }, toyExample(9, 'b')] }],
] as const) {
  test(`${what} is the same request`, (t) => {
    t.is(digest(change as Partial<AttackRequest>), digest({}));
  });
}

function reversed<T>(map: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(map).toReversed());
}

for (const [what, change] of [
  ['another model', { modelName: 'other' }],
  ['a version', { modelVersion: '1' }],
  ['another seed', { seed: 1n }],
  ['another number of steps', { attack: { ...base.attack, name: 'pgd', steps: 4 } }],
  ['another pixel', { examples: [{ ...example, labels }, toyExample(10, 'b')] }],
  ['another key', { examples: [{ ...example, labels }, toyExample(9, 'c')] }],
  ['another label', { examples: [example, toyExample(9, 'b')] }],
  ['an example less', { examples: [{ ...example, labels }] }],
  ['the examples in another order', { examples: [toyExample(9, 'b'), { ...example, labels }] }],
] as const) {
  test(`${what} is another request`, (t) => {
    t.not(digest(change as Partial<AttackRequest>), digest({}));
  });
}

test('the same fields for another method are another request', (t) => {
  t.regex(digest({}) ?? '', /^[0-9a-f]{64}$/);
  t.not(digest({}, 'gradient-norm'), digest({}));
});

test('results are stored of a run with an id, and of one that is detached', (t) => {
  const ticketOf = (change: object) => readRunTicket('attack', { ...base, requestId: undefined, ...change }, 'me');
  const none = { principal: 'me', requestId: undefined, requestDigest: undefined };
  t.deepEqual(ticketOf({}), { ...none, isDetached: false, isKept: false });
  t.deepEqual(ticketOf({ detach: false }), { ...none, isDetached: false, isKept: false });
  t.deepEqual(ticketOf({ detach: true }), { ...none, isDetached: true, isKept: true });
  t.like(ticketOf({ requestId: 'r' }), { requestId: 'r', isDetached: false, isKept: true });
});
