/** Red, green and blue, 0–255. */
export type Color = readonly [red: number, green: number, blue: number];

/**
 * Colours of the 19 Cityscapes trainIds.
 * Source: https://github.com/mcordts/cityscapesScripts/blob/master/cityscapesscripts/helpers/labels.py
 */
const CITYSCAPES: readonly Color[] = [
  [128, 64, 128],
  [244, 35, 232],
  [70, 70, 70],
  [102, 102, 156],
  [190, 153, 153],
  [153, 153, 153],
  [250, 170, 30],
  [220, 220, 0],
  [107, 142, 35],
  [152, 251, 152],
  [70, 130, 180],
  [220, 20, 60],
  [255, 0, 0],
  [0, 0, 142],
  [0, 0, 70],
  [0, 60, 100],
  [0, 80, 100],
  [0, 0, 230],
  [119, 11, 32],
];

/** Colour of a class: from a palette, else one of its own, far in hue from those of the numbers beside it. */
export function classColor(palette: 'cityscapes' | readonly Color[] | undefined, id: number): Color {
  const colors = palette === 'cityscapes' ? CITYSCAPES : (palette ?? []);
  return colors[id] ?? hueColor(id * 137.508);
}

/** A saturated colour of a hue in degrees. */
function hueColor(hue: number): Color {
  const channel = (shift: number): number => {
    const position = ((hue / 60 + shift) % 6) + (hue < 0 ? 6 : 0);
    const level = Math.min(Math.max(Math.abs(position - 3) - 1, 0), 1);
    return Math.round(60 + 170 * level);
  };
  return [channel(0), channel(4), channel(2)];
}

/** Dark violet through blue, green and yellow, about even in lightness: control points of a map in the manner of viridis. */
const GRADIENT: readonly Color[] = [
  [68, 1, 84],
  [65, 68, 135],
  [42, 120, 142],
  [34, 168, 132],
  [122, 209, 81],
  [253, 231, 37],
];

/** Colour of a number in [0, 1]; what lies outside is cut. */
export function valueColor(value: number): Color {
  const position = Math.min(Math.max(value, 0), 1) * (GRADIENT.length - 1);
  const index = Math.min(Math.floor(position), GRADIENT.length - 2);
  const [from, to] = [GRADIENT[index], GRADIENT[index + 1]] as [Color, Color];
  const mix = (i: 0 | 1 | 2): number => Math.round(from[i] + (to[i] - from[i]) * (position - index));
  return [mix(0), mix(1), mix(2)];
}
