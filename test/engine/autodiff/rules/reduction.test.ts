import test from 'ava';
import { equalsDifferences, isAdjoint, isExactly } from '../../../support/check-rule.js';
import { distinct, integers, type OneNode, SMALL_STEP, variable } from '../../../support/one-node.js';

const forms: readonly (readonly [when: string, axes: number[] | undefined, attributes: OneNode['attributes']])[] = [
  ['one axis', [1], {}],
  ['a negative axis, dropped', [-1], { keepdims: 0 }],
  ['two axes', [0, 2], { keepdims: 0 }],
  ['all axes', undefined, {}],
  ['no axes', undefined, { noop_with_empty_axes: 1 }],
];
const reduce = (opType: string, axes: number[] | undefined, attributes: OneNode['attributes']): OneNode => ({
  opType,
  inputs: [variable([2, 3, 4], opType, 0.5, 2), ...(axes ? [integers(axes)] : [])],
  ...(attributes && { attributes }),
});
const small = { step: SMALL_STEP };
for (const opType of ['ReduceSumSquare', 'ReduceL1', 'ReduceL2', 'ReduceLogSumExp', 'ReduceMean', 'ReduceProd']) {
  test('no axes, both signs', equalsDifferences, {
    opType,
    inputs: [{ shape: [4], data: Float32Array.of(-1.5, -0.5, 0.25, 2) }],
    attributes: { noop_with_empty_axes: 1 },
  });
}
for (const [when, axes, attributes] of forms) {
  test(when, isAdjoint, reduce('ReduceSum', axes, attributes));
  test(when, isAdjoint, reduce('ReduceMean', axes, attributes));
  for (const opType of ['ReduceSumSquare', 'ReduceL1', 'ReduceL2', 'ReduceLogSum', 'ReduceLogSumExp', 'ReduceProd']) {
    test(when, equalsDifferences, reduce(opType, axes, attributes));
  }
  const rest = axes ? [integers(axes)] : [];
  for (const opType of ['ReduceMax', 'ReduceMin']) {
    test(
      when,
      equalsDifferences,
      { ...reduce(opType, axes, attributes), inputs: [distinct([2, 3, 4]), ...rest] },
      small,
    );
  }
}
test(
  'both signs',
  equalsDifferences,
  { opType: 'ReduceL1', inputs: [distinct([3, 4], '', 1 / 32), integers([1])] },
  small,
);

const x = (...values: number[]) => ({ shape: [1, values.length], data: Float32Array.from(values) });
const along = { inputs: [x(2, 5, 5, 1), integers([1])] };
test('is shared by several that are largest', isExactly, { opType: 'ReduceMax', ...along }, [6], [0, 3, 3, 0]);
test('goes to the smallest', isExactly, { opType: 'ReduceMin', ...along }, [6], [0, 0, 0, 6]);
test('is 0, not NaN, at 0', isExactly, { opType: 'ReduceL2', inputs: [x(0, 0), integers([1])] }, [1], [0, 0]);
test('is 0 at 0', isExactly, { opType: 'ReduceL1', inputs: [x(0, -2, 3), integers([1])] }, [1], [0, -1, 1]);

const product = (values: number[]): OneNode => ({ opType: 'ReduceProd', inputs: [x(...values), integers([1])] });
test('is that of the others at a zero', isExactly, product([2, 0, 3]), [5], [0, 30, 0]);
test('is 0 beside two zeros', isExactly, product([0, 2, 0]), [5], [0, 0, 0]);
test('is 0 where the sum is 0', isExactly, { opType: 'ReduceLogSum', inputs: [x(0, 0), integers([1])] }, [1], [0, 0]);
test(
  'is shared by several that are smallest',
  isExactly,
  { opType: 'ReduceMin', inputs: [x(2, 1, 1), integers([1])] },
  [6],
  [0, 3, 3],
);
test('does not overflow', isExactly, { opType: 'ReduceLogSumExp', inputs: [x(1e4, 0), integers([1])] }, [3], [3, 0]);
test('keeps to its axis of several', equalsDifferences, {
  opType: 'Softmax',
  inputs: [variable([2, 3, 4], '', -3, 3)],
  attributes: { axis: -2 },
});
for (const opType of ['Softmax', 'LogSoftmax']) {
  test('the class axis', equalsDifferences, {
    opType,
    inputs: [variable([2, 4, 3], '', -3, 3)],
    attributes: { axis: 1 },
  });
  test('the last axis by default', equalsDifferences, { opType, inputs: [variable([2, 5], '', -3, 3)] });
}
test('is exact for logits of 1e4', isExactly, { opType: 'LogSoftmax', inputs: [x(1e4, 0)] }, [0, 1], [-1, 1]);
