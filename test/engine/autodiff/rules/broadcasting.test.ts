import test from 'ava';
import type { TensorValue } from '../../../../src/engine/onnx/graph.js';
import type { Shape } from '../../../../src/engine/tensor/shape.js';
import { equalsDifferences, isAdjoint, isExactly } from '../../../support/check-rule.js';
import {
  constant,
  distinct,
  floats,
  type OneNode,
  SMALL_STEP,
  type Variable,
  variable,
} from '../../../support/one-node.js';

const shapes: readonly (readonly [when: string, a: Shape, b: Shape])[] = [
  ['equal shapes', [2, 3], [2, 3]],
  ['a scalar', [2, 3], []],
  ['a missing axis', [2, 3], [3]],
  ['an axis of 1', [2, 3], [2, 1]],
  ['both are stretched', [2, 1, 3], [4, 1]],
];
const mask = (shape: Shape): TensorValue => ({
  dataType: 'bool',
  shape,
  bytes: Uint8Array.from(variable(shape, 'mask').data, (_, i) => i % 2),
});
const away = (shape: Shape, key: string): Variable => variable(shape, key, 0.5, 2);

for (const [when, a, b] of shapes) {
  const pair = (opType: string): OneNode => ({ opType, inputs: [variable(a, 'a'), away(b, 'b')] });
  test(when, isAdjoint, pair('Add'));
  test(when, isAdjoint, pair('Sub'));
  test(when, isAdjoint, pair('Mul'));
  test(when, equalsDifferences, pair('Div'));
  const remainder = [variable(a, 'a', 5.1, 5.9), variable(b, 'b', 2.1, 2.4)];
  test(when, equalsDifferences, { opType: 'Mod', inputs: remainder, attributes: { fmod: 1 } }, { step: SMALL_STEP });
  for (const opType of ['Max', 'Min']) {
    const inputs = [distinct(a, 'a'), distinct(b, 'b', 1 / 32)];
    test(when, equalsDifferences, { opType, inputs }, { step: SMALL_STEP });
  }
  test(when, isAdjoint, { opType: 'Sum', inputs: [variable(a, 'a'), variable(b, 'b'), variable(b, 'c')] });
  test(when, isAdjoint, { opType: 'Mean', inputs: [variable(a, 'a'), variable(b, 'b'), variable(b, 'c')] });
  test(when, isAdjoint, { opType: 'Where', inputs: [mask(a), variable(a, 'a'), variable(b, 'b')] });
}

test('a condition that is stretched', isAdjoint, {
  opType: 'Where',
  inputs: [mask([3]), variable([2, 3], 'a'), variable([], 'b')],
});
test(
  'a slope per channel',
  equalsDifferences,
  {
    opType: 'PRelu',
    inputs: [distinct([2, 3, 2], 'x', 1 / 32), away([3, 1], 'slope')],
  },
  { step: SMALL_STEP },
);
test(
  'is the upper slope at 0',
  isExactly,
  { opType: 'PRelu', inputs: [{ shape: [3], data: Float32Array.of(-1, 0, 1) }, floats([0.5])] },
  [2, 2, 2],
  [1, 2, 2],
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

test(
  'three operands, of which one is a constant',
  equalsDifferences,
  {
    opType: 'Max',
    inputs: [distinct([2, 3], 'a'), floats([-5 / 64, 7 / 64, 3 / 64]), distinct([3], 'c', 1 / 32)],
  },
  { step: SMALL_STEP / 2 },
);
test('one operand', isAdjoint, { opType: 'Min', inputs: [variable([3])] });
test('one operand', isAdjoint, { opType: 'Mean', inputs: [variable([3])] });

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
  'is 0, neither ∞ nor NaN, where the divisor is 0',
  isExactly,
  { opType: 'Div', inputs: [floats([0, 1, 1]), { shape: [3], data: Float32Array.of(0, 0, 2) }] },
  [0, 3, 4],
  [0, 0, -1],
);
test(
  'is 0 where a constant divisor is 0',
  isExactly,
  { opType: 'Div', inputs: [{ shape: [2], data: Float32Array.of(1, 1) }, floats([0, 2])] },
  [3, 4],
  [0, 2],
);
