import test from 'ava';
import type { AttributeInputs } from '../../../../src/engine/onnx/graph.js';
import { isAdjoint, isRefused } from '../../../support/check-rule.js';
import { floats, integers, type OneNode, variable } from '../../../support/one-node.js';

const byScales = (scales: number[], attributes: AttributeInputs, shape = [1, 2, 4, 5]): OneNode => ({
  opType: 'Resize',
  inputs: [variable(shape), undefined, floats(scales)],
  attributes,
});
const bySizes = (sizes: number[], attributes: AttributeInputs, shape = [1, 2, 4, 5]): OneNode => ({
  opType: 'Resize',
  inputs: [variable(shape), undefined, undefined, integers(sizes)],
  attributes,
});

for (const coordinates of ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric']) {
  const mode = { coordinate_transformation_mode: coordinates };
  test(`linear, ${coordinates}`, isAdjoint, byScales([1, 1, 4, 4], { mode: 'linear', ...mode }));
  test(`linear to sizes, ${coordinates}`, isAdjoint, bySizes([1, 2, 7, 3], { mode: 'linear', ...mode }));
  test(
    `cubic, ${coordinates}`,
    isAdjoint,
    bySizes([1, 2, 8, 9], { mode: 'cubic', cubic_coeff_a: { float: -0.5 }, ...mode }),
  );
  for (const nearest of ['floor', 'round_prefer_floor', 'round_prefer_ceil', 'ceil']) {
    test(
      `nearest ${nearest}, ${coordinates}`,
      isAdjoint,
      byScales([1, 1, 2, 1.7], { mode: 'nearest', nearest_mode: nearest, ...mode }),
    );
  }
}
test('smaller', isAdjoint, byScales([1, 1, 0.5, 0.6], { mode: 'linear' }));
test('smaller with antialiasing', isAdjoint, bySizes([1, 2, 2, 3], { mode: 'linear', antialias: 1 }));
test('cubic, outside excluded', isAdjoint, bySizes([1, 2, 8, 9], { mode: 'cubic', exclude_outside: 1 }));
test('some axes', isAdjoint, byScales([2, 3], { mode: 'linear', axes: [2, 3] }));
test('one spatial axis', isAdjoint, byScales([1, 1, 3], { mode: 'linear' }, [2, 3, 4]));
test('three spatial axes', isAdjoint, byScales([1, 1, 2, 2, 3], { mode: 'nearest' }, [1, 2, 2, 3, 2]));
test('three spatial axes, linear', isAdjoint, bySizes([1, 2, 4, 5, 3], { mode: 'linear' }, [1, 2, 2, 3, 5]));
test('pixels before channels', isAdjoint, byScales([1, 2, 1.5, 1], { mode: 'linear' }, [2, 4, 5, 3]));
test('a matrix', isAdjoint, byScales([1.5, 2], { mode: 'linear' }, [4, 5]));
test('every axis', isAdjoint, byScales([2, 2, 2, 2], { mode: 'nearest' }, [1, 2, 3, 2]));
test(
  'the same size by a scale that shifts',
  isAdjoint,
  byScales([1, 1, 1.1, 1], { mode: 'linear', coordinate_transformation_mode: 'asymmetric' }),
);
test(
  'smaller, cubic with antialiasing',
  isAdjoint,
  bySizes([1, 2, 3, 2], { mode: 'cubic', antialias: 1 }, [1, 2, 7, 6]),
);
test(
  'half_pixel_symmetric',
  isAdjoint,
  byScales([1, 1, 1.3, 0.7], { mode: 'linear', coordinate_transformation_mode: 'half_pixel_symmetric' }, [1, 2, 5, 6]),
);
for (const shape of [
  [2, 3, 4],
  [1, 2, 3, 4],
  [1, 2, 2, 3, 2],
]) {
  const scales = [1, 1, 2, 3, 1].slice(0, shape.length);
  test(
    `repeated pixels of ${shape.length - 2} axes`,
    isAdjoint,
    byScales(scales, { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }, shape),
  );
}
test('the channel axis', isAdjoint, byScales([1, 2, 1, 1], { mode: 'nearest' }));

test(
  'with tf_crop_and_resize',
  isRefused,
  {
    opType: 'Resize',
    inputs: [variable([1, 1, 4, 4]), floats([0, 0, 0, 0, 1, 1, 1, 1]), undefined, integers([1, 1, 3, 3])],
    attributes: { coordinate_transformation_mode: 'tf_crop_and_resize' },
  },
  0,
  'tf_crop_and_resize',
);
test(
  'with an aspect ratio to keep',
  isRefused,
  bySizes([6, 9], { mode: 'linear', axes: [2, 3], keep_aspect_ratio_policy: 'not_larger' }),
  0,
  'keep_aspect_ratio_policy not_larger',
);
