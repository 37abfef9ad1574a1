import test from 'ava';
import { equalsDifferences, isAdjoint, isExactly, isRefused } from '../../../support/check-rule.js';
import { constant, integers, type OneNode, SMALL_STEP, type Variable, variable } from '../../../support/one-node.js';

/** Points all over the image and beyond it, none within 1/16 of a kink: pixel centres and edges of 4 × 5 pixels. */
function points(key: string, alignCorners: number): Variable {
  const pixels = variable([2, 3, 4, 2], key, -5, 9).data.map((x) => Math.floor(2 * x) / 2 + 0.25);
  const lengths = [5, 4];
  const data = pixels.map((x, i) => {
    const length = lengths[i % 2] as number;
    return alignCorners ? (2 * x) / (length - 1) - 1 : (2 * x + 1) / length - 1;
  });
  return { shape: [2, 3, 4, 2], data };
}

for (const padding of ['zeros', 'border', 'reflection']) {
  for (const alignCorners of [0, 1]) {
    const when = `${padding}, align_corners ${alignCorners}`;
    const attributes = { padding_mode: padding, align_corners: alignCorners };
    const grid = points(when, alignCorners);
    const image = variable([2, 3, 4, 5]);
    const sample: OneNode = {
      opType: 'GridSample',
      inputs: [image, grid],
      attributes: { ...attributes, mode: 'bilinear' },
    };
    const fixed = { ...sample, inputs: [image, constant([2, 3, 4, 2], 'grid')] };
    test(`bilinear, ${when}`, equalsDifferences, sample, { step: SMALL_STEP });
    test(`bilinear, ${when}, a constant grid`, isAdjoint, fixed);
    test(`linear, opset 20, ${when}`, isAdjoint, {
      ...fixed,
      attributes: { ...attributes, mode: 'linear' },
      opset: 20,
    });
    test(`nearest, ${when}`, isAdjoint, { ...fixed, attributes: { ...attributes, mode: 'nearest' } });
  }
}
test('of one row', isAdjoint, {
  opType: 'GridSample',
  inputs: [variable([1, 2, 1, 4]), constant([1, 3, 2, 2])],
  attributes: { padding_mode: 'reflection', align_corners: 1 },
});
test(
  'goes to the even one of two nearest pixels, as ONNX Runtime rounds',
  isExactly,
  {
    opType: 'GridSample',
    inputs: [
      { shape: [1, 1, 1, 4], data: Float32Array.of(1, 2, 3, 4) },
      {
        dataType: 'float32',
        shape: [1, 1, 3, 2],
        bytes: new Uint8Array(Float32Array.of(-0.5, 0, 0, 0, 0.5, 0).buffer),
      },
    ],
    attributes: { mode: 'nearest' },
  },
  [5, 7, 9],
  [5, 0, 16, 0],
);
test(
  'for cubic interpolation',
  isRefused,
  {
    opType: 'GridSample',
    inputs: [variable([1, 1, 4, 4]), constant([1, 2, 2, 2])],
    attributes: { mode: 'bicubic' },
  },
  0,
  'mode bicubic',
);
test(
  'for volumes',
  isRefused,
  {
    opType: 'GridSample',
    inputs: [variable([1, 1, 2, 2, 2]), constant([1, 2, 2, 2, 3])],
    opset: 20,
  },
  0,
  'an image of three axes',
);

for (const alignCorners of [0, 1]) {
  test(`two axes, align_corners ${alignCorners}`, isAdjoint, {
    opType: 'AffineGrid',
    inputs: [variable([2, 2, 3]), integers([2, 3, 4, 5])],
    attributes: { align_corners: alignCorners },
    opset: 20,
  });
}
test('three axes', isAdjoint, {
  opType: 'AffineGrid',
  inputs: [variable([1, 3, 4]), integers([1, 2, 2, 3, 4])],
  opset: 20,
});
