import test from 'ava';
import { isAdjoint, isExactly } from '../../../support/check-rule.js';
import { floats, integers, type OneNode, variable } from '../../../support/one-node.js';

const moved = (
  opType: string,
  shape: readonly number[],
  rest: OneNode['inputs'],
  attributes: OneNode['attributes'] = {},
): OneNode => ({
  opType,
  inputs: [variable(shape), ...rest],
  attributes,
});

test('−1 and 0', isAdjoint, moved('Reshape', [2, 3, 4], [integers([0, -1])]));
test('axis 2', isAdjoint, moved('Flatten', [2, 3, 4, 5], [], { axis: 2 }));
test('a negative axis', isAdjoint, moved('Squeeze', [2, 1, 3, 1], [integers([-1])]));
test('all axes of 1', isAdjoint, moved('Squeeze', [2, 1, 3, 1], []));
test('two axes', isAdjoint, moved('Unsqueeze', [2, 3], [integers([0, -1])]));
test('a permutation', isAdjoint, moved('Transpose', [2, 3, 4], [], { perm: [2, 0, 1] }));
test('reversed by default', isAdjoint, moved('Transpose', [2, 3, 4], []));
test('several parts', isAdjoint, {
  opType: 'Concat',
  inputs: [variable([2, 3], 'a'), variable([2, 1], 'b'), variable([2, 4], 'c')],
  attributes: { axis: -1 },
});
test('given lengths', isAdjoint, { ...moved('Split', [2, 7], [integers([3, 1, 3])], { axis: 1 }), outputCount: 3 });
test('equal parts', isAdjoint, { ...moved('Split', [6, 2], [], { axis: 0, num_outputs: 3 }), outputCount: 3 });
test('parts of which the last is shorter', isAdjoint, {
  ...moved('Split', [7, 2], [], { axis: 0, num_outputs: 3 }),
  outputCount: 3,
});

const slice = (starts: number[], ends: number[], axes?: number[], steps?: number[]): OneNode =>
  moved(
    'Slice',
    [5, 6, 7],
    [starts, ends, axes, steps].map((list) => list && integers(list)),
  );
test('a part', isAdjoint, slice([1, 2, 0], [4, 6, 7]));
test('negative bounds', isAdjoint, slice([-3], [-1], [1]));
test('to the end and beyond', isAdjoint, slice([2], [2 ** 40], [-1]));
test('steps', isAdjoint, slice([0, 1], [5, 7], [0, 2], [2, 3]));
test('a negative step', isAdjoint, slice([-1], [-(2 ** 40)], [1], [-1]));
test('a negative step of 2', isAdjoint, slice([5, 4], [0, 1], [2, 1], [-2, -1]));
test('a negative step from beyond the end', isAdjoint, slice([100], [-(2 ** 40)], [1], [-2]));
test('nothing cut', isAdjoint, slice([0], [5], [0]));

const pad = (mode: string, pads: number[], axes?: number[]): OneNode =>
  moved('Pad', [2, 3, 4, 5], [integers(pads), floats([1.5], []), axes && integers(axes)], { mode });
test('constant', isAdjoint, pad('constant', [0, 0, 1, 2, 0, 0, 3, 0]));
test('constant, cutting', isAdjoint, pad('constant', [0, 0, -1, 2, 0, 0, 0, -2]));
test('constant, some axes', isAdjoint, pad('constant', [1, 2, 0, 3], [-1, 1]));
test('reflect', isAdjoint, pad('reflect', [0, 0, 1, 2, 0, 0, 3, 4]));
test('edge', isAdjoint, pad('edge', [0, 1, 1, 2, 0, 0, 3, 0]));
test('wrap', isAdjoint, { ...pad('wrap', [0, 0, 1, 2, 0, 0, 3, 4]), opset: 19 });

test('a constant from pixels', isAdjoint, {
  opType: 'Pad',
  inputs: [variable([3, 4]), integers([1, -1, 0, 2]), variable([], 'constant')],
});
test(
  'by its constant is 0 where none is read',
  isExactly,
  {
    opType: 'Pad',
    inputs: [floats([1, 2, 3]), integers([1, 1]), { shape: [], data: Float32Array.of(7) }],
    attributes: { mode: 'reflect' },
  },
  [1, 2, 3, 4, 5],
  [0],
);
test('nothing', isAdjoint, pad('constant', [0, 0, 0, 0, 0, 0, 0, 0]));
for (const upper of [0, 1]) {
  test(`upper ${upper}`, isAdjoint, moved('Trilu', [2, 4, 5], [], { upper }));
  test(`upper ${upper}, beside the diagonal`, isAdjoint, moved('Trilu', [4, 3], [integers([1], [])], { upper }));
}
test('by default', isAdjoint, moved('ReverseSequence', [4, 3, 2], [integers([1, 2, 4])]));
test(
  'batch first',
  isAdjoint,
  moved('ReverseSequence', [3, 4, 2], [integers([4, 2, 1])], { batch_axis: 0, time_axis: 1 }),
);
test('repeats', isAdjoint, moved('Tile', [2, 1, 3], [integers([1, 3, 2])]));
test('DCR', isAdjoint, moved('DepthToSpace', [2, 12, 2, 3], [], { blocksize: 2, mode: 'DCR' }));
test('CRD', isAdjoint, moved('DepthToSpace', [2, 12, 2, 3], [], { blocksize: 2, mode: 'CRD' }));
test('blocks', isAdjoint, moved('SpaceToDepth', [2, 3, 4, 6], [], { blocksize: 2 }));
for (const reverse of [0, 1]) {
  for (const exclusive of [0, 1]) {
    test(
      `reverse ${reverse}, exclusive ${exclusive}`,
      isAdjoint,
      moved('CumSum', [3, 4], [integers([1], [])], { reverse, exclusive }),
    );
  }
}

test(
  'is 0 where a slice took nothing',
  isExactly,
  {
    opType: 'Slice',
    inputs: [
      { shape: [4], data: Float32Array.of(1, 2, 3, 4) },
      integers([3]),
      integers([0]),
      integers([0]),
      integers([-2]),
    ],
  },
  [5, 7],
  [0, 7, 0, 5],
);
