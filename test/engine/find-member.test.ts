import test from 'ava';
import { EngineError } from '../../src/engine/errors.js';
import { findMember } from '../../src/engine/find-member.js';

const fruits = { apple: 1, pear: 2 };

test('a member is found by its name', (t) => {
  t.is(findMember('fruit', fruits, 'pear'), 2);
});

for (const name of ['plum', 'toString']) {
  test(`${name}, which is no member, is refused with the names that are`, (t) => {
    const error = t.throws(() => findMember('fruit', fruits, name), { instanceOf: EngineError });
    t.is(error.code, 'INVALID_OPTION');
    t.is(error.message, `expected fruit to be one of apple, pear, got ${name}`);
    t.deepEqual(error.details, { metadata: { fruit: name } });
  });
}
