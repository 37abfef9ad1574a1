import test from 'ava';
import { colorizeClasses, colorizeValues, valueColor } from '../../../src/engine/images/colorize.js';
import { drawText, textWidth } from '../../../src/engine/images/glyphs.js';
import { CITYSCAPES_PALETTE, paletteOf } from '../../../src/engine/images/palette.js';
import { composePicture } from '../../../src/engine/images/picture.js';
import { type Color, paint, type RgbImage, rgbOf } from '../../../src/engine/images/rgb-image.js';

const white: Color = [255, 255, 255];
const blank = (width: number, height: number): RgbImage => paint(width, height, () => [0, 0, 0]);

/** One letter per pixel: `#` where it is bright. */
const asText = ({ width, height, data }: RgbImage): string =>
  Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => ((data[3 * (y * width + x)] ?? 0) > 100 ? '#' : '.')).join(''),
  ).join('\n');

test('text is drawn in dots of 5 × 7, with two rows below for tails', (t) => {
  const picture = blank(18, 9);
  drawText(picture, 'Ag1', { x: 0, y: 0, scale: 1, color: white });
  t.is(
    asText(picture),
    [
      '.###..........#...',
      '#...#........##...',
      '#...#..####...#...',
      '#####.#...#...#...',
      '#...#.#...#...#...',
      '#...#.#...#...#...',
      '#...#..####..###..',
      '..........#.......',
      '.......###........',
    ].join('\n'),
  );
  t.is(textWidth('Ag1'), 17);
});

test('a dot becomes as many pixels as the scale says, and those outside the picture are left out', (t) => {
  const picture = blank(7, 5);
  drawText(picture, '+', { x: -1, y: -6, scale: 2, color: white });
  t.is(asText(picture), ['#######', '#######', '...##..', '...##..', '...##..'].join('\n'));
});

test('every printable character has a glyph of its own', (t) => {
  const drawn = Array.from({ length: 95 }, (_, i) => {
    const picture = blank(5, 9);
    drawText(picture, String.fromCharCode(32 + i), { x: 0, y: 0, scale: 1, color: white });
    return asText(picture);
  });
  t.is(new Set(drawn).size, 95);
});

test('a character without a glyph is drawn as a box', (t) => {
  const picture = blank(5, 7);
  drawText(picture, 'ε', { x: 0, y: 0, scale: 1, color: white });
  t.is(asText(picture), ['#####', '#...#', '#...#', '#...#', '#...#', '#...#', '#####'].join('\n'));
});

test('panels stand side by side under their labels, scaled by whole numbers', (t) => {
  const image = paint(10, 2, (i) => (i % 11 === 0 ? white : [0, 0, 0]));
  const picture = composePicture(
    [
      [
        { label: 'a', image },
        { label: 'b', image },
      ],
    ],
    { scale: 2 },
  );
  t.deepEqual([picture.width, picture.height], [12 + 20 + 12 + 20 + 12, 12 + 14 + 6 + 4 + 12]);
  const rows = asText(picture).split('\n');
  t.is(rows[12 + 14 + 6], `${'.'.repeat(12)}##${'.'.repeat(18 + 12)}##${'.'.repeat(18 + 12)}`);
  t.is(rows[12 + 14 + 6 + 2], `${'.'.repeat(12)}..##${'.'.repeat(16 + 12)}..##${'.'.repeat(16 + 12)}`);
});

test('columns are as wide as their widest panel or label, and a title has a line of its own', (t) => {
  const image = blank(3, 3);
  const panels = [
    [{ label: 'long label', image }],
    [
      { label: 'x', image },
      { label: 'y', image },
    ],
  ];
  const picture = composePicture(panels, { scale: 1, title: 't' });
  t.is(picture.width, 12 + textWidth('long label') * 2 + 12 + textWidth('y') * 2 + 12);
  t.is(picture.height, 12 + 14 + 12 + 2 * (14 + 6 + 3 + 12));
});

test('classes get the colours of the palette, and others black', (t) => {
  const { data } = colorizeClasses({ width: 3, height: 1, data: [0, 10, 255] }, CITYSCAPES_PALETTE);
  t.deepEqual([...data], [128, 64, 128, 70, 130, 180, 0, 0, 0]);
});

test('a palette is the named one, the given one, or as many different colours as classes', (t) => {
  t.is(paletteOf('cityscapes', 3), CITYSCAPES_PALETTE);
  t.deepEqual(paletteOf([[1, 2, 3]], 1), [[1, 2, 3]]);
  const colors = paletteOf(undefined, 200);
  t.is(new Set(colors.map(String)).size, 200);
  t.true(colors.flat().every((value) => Number.isInteger(value) && value >= 0 && value <= 255));
});

test('numbers get colours from one end of the range to the other, and keep to the ends beyond it', (t) => {
  const { data } = colorizeValues({ width: 4, height: 1, data: [-9, 2, 6, Number.NaN] }, [2, 6]);
  t.deepEqual([...data], [valueColor(0), valueColor(0), valueColor(1), valueColor(0)].flat());
  t.deepEqual(valueColor(0.5), [227, 29, 111]);
  t.deepEqual(valueColor(1 / 16), [6, 28, 74]);
  const constant = colorizeValues({ width: 1, height: 1, data: [5] }, [5, 5]);
  t.deepEqual([...constant.data], [...valueColor(0)]);
});

test('the lightness of value colours grows in equal steps', (t) => {
  const lightness = Array.from({ length: 9 }, (_, i) => cielabLightness(valueColor(i / 8)));
  for (const [i, value] of lightness.entries()) t.true(Math.abs(value - (6 + 11 * i)) < 0.5, `${i}: ${value}`);
});

test('a decoded image becomes a picture: grey is spread, alpha is left out, 16 bits are rounded', (t) => {
  const rgb = (channels: 1 | 2 | 4, bitDepth: 8 | 16, data: Uint8Array | Uint16Array) => [
    ...rgbOf({ width: 1, height: 1, channels, bitDepth, data }).data,
  ];
  t.deepEqual(rgb(2, 8, Uint8Array.of(7, 99)), [7, 7, 7]);
  t.deepEqual(rgb(4, 8, Uint8Array.of(1, 2, 3, 99)), [1, 2, 3]);
  t.deepEqual(rgb(1, 16, Uint16Array.of(257 * 9 + 200)), [10, 10, 10]);
});

function cielabLightness(color: Color): number {
  const [r = 0, g = 0, b = 0] = color.map((level) => {
    const x = level / 255;
    return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4;
  });
  const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return 116 * (y > 0.008856 ? Math.cbrt(y) : 7.787 * y + 16 / 116) - 16;
}
