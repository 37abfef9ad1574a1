import test from 'ava';
import type { Shape } from '../../../../src/engine/tensor/shape.js';
import { equalsDifferences, isAdjoint, isExactly } from '../../../support/check-rule.js';
import { constant, floats, type OneNode, type Variable, variable } from '../../../support/one-node.js';

const shapes: readonly (readonly [when: string, a: Shape, b: Shape])[] = [
  ['equal shapes', [2, 3], [2, 3]],
  ['a scalar', [2, 3], []],
  ['a missing axis', [2, 3], [3]],
  ['an axis of 1', [2, 3], [2, 1]],
  ['both are stretched', [2, 1, 3], [4, 1]],
];
const away = (shape: Shape, key: string): Variable => variable(shape, key, 0.5, 2);

for (const [when, a, b] of shapes) {
  const pair = (opType: string): OneNode => ({ opType, inputs: [variable(a, 'a'), away(b, 'b')] });
  test(when, isAdjoint, pair('Add'));
  test(when, isAdjoint, pair('Sub'));
  test(when, isAdjoint, pair('Mul'));
  test(when, equalsDifferences, pair('Div'));
  test(when, equalsDifferences, pair('Max'), { step: 1e-3, tolerance: 5e-3 });
  test(when, equalsDifferences, pair('Min'), { step: 1e-3, tolerance: 5e-3 });
  test(when, isAdjoint, { opType: 'Sum', inputs: [variable(a, 'a'), variable(b, 'b'), variable(b, 'c')] });
  test(when, isAdjoint, { opType: 'Mean', inputs: [variable(a, 'a'), variable(b, 'b'), variable(b, 'c')] });
  const mask = {
    dataType: 'bool',
    shape: b,
    bytes: Uint8Array.from(variable(b, 'mask').data, (x) => Number(x > 0)),
  } as const;
  test(when, equalsDifferences, { opType: 'Where', inputs: [mask, variable(a, 'a'), variable(a, 'b')] }, { step: 1 });
}

test(
  'a slope per channel',
  equalsDifferences,
  {
    opType: 'PRelu',
    inputs: [variable([2, 3, 2], 'x'), away([3, 1], 'slope')],
  },
  { step: 1e-3, tolerance: 5e-3 },
);
test('a constant operand', isAdjoint, { opType: 'Mul', inputs: [variable([2, 3]), constant([3])] });
test('an operand that is both', isAdjoint, { opType: 'Add', inputs: [variable([2, 3]), variable([2, 3], 'b')] });
test('a target shape', isAdjoint, {
  opType: 'Expand',
  inputs: [
    variable([3, 1]),
    { dataType: 'int64', shape: [3], bytes: new Uint8Array(BigInt64Array.of(2n, 3n, 4n).buffer) },
  ],
});

const x = { shape: [3], data: Float32Array.of(1, 5, 5) };
test(
  'goes to the first of several that are largest',
  isExactly,
  { opType: 'Max', inputs: [x, floats([2, 5, 4])] },
  [1, 2, 3],
  [0, 2, 3],
);
test(
  'goes to no second one that is as large',
  isExactly,
  { opType: 'Max', inputs: [floats([2, 5, 4]), x] },
  [1, 2, 3],
  [0, 0, 3],
);
test(
  'is 0, not NaN, where the cotangent is 0 and so is the divisor',
  isExactly,
  {
    opType: 'Div',
    inputs: [floats([0, 1]), { shape: [2], data: Float32Array.of(0, 2) }],
  },
  [0, 4],
  [0, -1],
);
