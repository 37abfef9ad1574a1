import test from 'ava';
import { equalsDifferences, isAdjoint, isExactly, isRefused } from '../../../support/check-rule.js';
import { distinct, integers, type OneNode, SMALL_STEP, variable } from '../../../support/one-node.js';

test('a channel shuffle', isAdjoint, {
  opType: 'Gather',
  inputs: [variable([2, 6, 3]), integers([0, 3, 1, 4, 2, 5])],
  attributes: { axis: 1 },
});
for (const [when, indices] of [
  ['one after another', [2, 3]],
  ['all of them', [0, 1, 2, 3, 4]],
  ['one after another, from the end', [-2, -1]],
  ['some, in another order', [4, -3, 1]],
  ['backward', [3, 2, 1]],
] as const) {
  test(when, isAdjoint, {
    opType: 'Gather',
    inputs: [variable([2, 5, 3]), integers(indices)],
    attributes: { axis: 1 },
  });
}
test('whole numbers of 32 bits', isAdjoint, {
  opType: 'Gather',
  inputs: [variable([5, 3]), { dataType: 'int32', shape: [3], bytes: new Uint8Array(Int32Array.of(1, 1, -1).buffer) }],
});
test('repeated and negative indices', isAdjoint, {
  opType: 'Gather',
  inputs: [variable([5, 3]), integers([0, 2, 2, -1])],
  attributes: { axis: 0 },
});
test('a scalar index', isAdjoint, {
  opType: 'Gather',
  inputs: [variable([5, 3]), integers([2], [])],
  attributes: { axis: -1 },
});
test('indices of two axes', isAdjoint, {
  opType: 'Gather',
  inputs: [variable([2, 5, 3]), integers([0, 2, 4, 4, 1, 0], [2, 3])],
  attributes: { axis: 1 },
});
test('repeated indices', isAdjoint, {
  opType: 'GatherElements',
  inputs: [variable([3, 4]), integers([0, 0, 3, 1, 2, 2], [3, 2])],
  attributes: { axis: 1 },
});
test('tuples', isAdjoint, { opType: 'GatherND', inputs: [variable([3, 4, 2]), integers([0, 1, 2, 3, 0, 1], [3, 2])] });
test('tuples that name slices', isAdjoint, {
  opType: 'GatherND',
  inputs: [variable([3, 4, 2]), integers([0, 3, 2, 1], [2, 2])],
});
test('tuples within a batch', isAdjoint, {
  opType: 'GatherND',
  inputs: [variable([2, 3, 4, 2]), integers([0, 3, 2, 1, 1, 2, 0, 0], [2, 2, 2])],
  attributes: { batch_dims: 1 },
});
test('tuples within a batch of two axes', isAdjoint, {
  opType: 'GatherND',
  inputs: [variable([2, 3, 4]), integers([0, -1, 3, 1, 1, 2], [2, 3, 1])],
  attributes: { batch_dims: 2 },
});
for (const reduction of ['none', 'add']) {
  test(reduction, isAdjoint, {
    opType: 'ScatterND',
    inputs: [variable([4, 3], 'data'), integers([2, 0], [2, 1]), variable([2, 3], 'updates')],
    attributes: { reduction },
  });
  test(reduction, isAdjoint, {
    opType: 'ScatterElements',
    inputs: [variable([3, 4], 'data'), integers([0, 3, 1, 2], [2, 2]), variable([2, 2], 'updates')],
    attributes: { axis: 1, reduction },
  });
}
test(
  'a few',
  equalsDifferences,
  { opType: 'TopK', inputs: [distinct([3, 7]), integers([3])], attributes: { axis: 1 }, outputCount: 2 },
  { step: SMALL_STEP },
);
test(
  'the smallest',
  equalsDifferences,
  { opType: 'TopK', inputs: [distinct([7, 2]), integers([2])], attributes: { axis: 0, largest: 0 }, outputCount: 2 },
  { step: SMALL_STEP },
);
test(
  'adds what was taken twice',
  isExactly,
  { opType: 'Gather', inputs: [{ shape: [3], data: Float32Array.of(1, 2, 3) }, integers([1, 1, -1])] },
  [5, 7, 9],
  [0, 12, 9],
);

for (const reduction of ['mul', 'max']) {
  const scatter: OneNode = {
    opType: 'ScatterND',
    inputs: [variable([4, 3]), integers([2, 0], [2, 1]), variable([2, 3])],
    attributes: { reduction },
  };
  test(`with reduction ${reduction}`, isRefused, scatter, 0, `reduction ${reduction}`);
  test(
    `with reduction ${reduction}`,
    isRefused,
    { ...scatter, opType: 'ScatterElements', inputs: scatter.inputs.with(1, integers([2, 0, 1, 0, 1, 3], [2, 3])) },
    2,
    `reduction ${reduction}`,
  );
}
