import test from 'ava';
import { shardOf, suiteOf } from '../../../src/cli/evaluation/suite.js';

const epsilonsOf = (texts: readonly string[] | undefined, epsilons?: readonly number[]) =>
  suiteOf(texts, epsilons).map(({ attack, parameters }) => [attack, parameters.steps, parameters.epsilon]);

test('the default suite is PGD with 50 steps', (t) => {
  t.deepEqual(epsilonsOf(undefined), [['pgd', 50, undefined]]);
});

test('radii multiply the attacks that state none', (t) => {
  t.deepEqual(epsilonsOf(['pgd(steps=3)', 'fgsm(eps=2)'], [1, 8]), [
    ['pgd', 3, 1],
    ['pgd', 3, 8],
    ['fgsm', undefined, 2],
  ]);
});

const isShard = test.macro({
  exec: (t, text: string, index: number, count: number, env: object = {}) =>
    t.deepEqual(shardOf(text, env), { index, count }),
  title: (_, text) => `${text} is a shard`,
});
test(isShard, '0/1', 0, 1);
test(isShard, '2/3', 2, 3);
test(isShard, 'auto/8', 7, 8, { JOB_COMPLETION_INDEX: '7' });

const isNone = test.macro({
  exec: (t, text: string, env: object, message: RegExp) =>
    t.throws(() => shardOf(text, env), { name: 'UsageError', message }),
  title: (_, text, env) => `${text} is no shard with ${JSON.stringify(env)}`,
});
test(isNone, '3/3', {}, /got 3\/3/);
test(isNone, '1', {}, /got 1$/);
test(isNone, 'auto/3', {}, /JOB_COMPLETION_INDEX/);
test(isNone, 'auto/3', { JOB_COMPLETION_INDEX: '3' }, /got 3\/3/);
