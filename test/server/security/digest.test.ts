import test from 'ava';
import { digestOf } from '../../../src/server/security/digest.js';

test('the order of fields and absent fields do not count, everything else does', (t) => {
  const one = digestOf({ a: 1, b: [1n, 'x'], c: undefined, d: new Uint8Array([1, 2]) });
  t.is(digestOf({ d: new Uint8Array([1, 2]), b: [1n, 'x'], a: 1 }), one);
  const others = [
    { a: 1, b: [1n, 'x'], d: new Uint8Array([1, 3]) },
    { a: 1, b: [1, 'x'], d: new Uint8Array([1, 2]) },
    { a: 1, b: ['x', 1n], d: new Uint8Array([1, 2]) },
    { a: '1', b: [1n, 'x'], d: new Uint8Array([1, 2]) },
    { a: 1, b: [1n, 'x', []], d: new Uint8Array([1, 2]) },
  ];
  t.is(new Set([one, ...others.map(digestOf)]).size, others.length + 1);
});
