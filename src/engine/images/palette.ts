import type { Color } from './rgb-image.js';

/** What positions are drawn in whose class has no colour: ignored ones, and classes beyond the palette. */
export const UNLABELLED: Color = [0, 0, 0];

/**
 * The colours of the 19 classes that Cityscapes is evaluated on, by trainId.
 * Source: https://www.cityscapes-dataset.com/ (its label definitions)
 */
export const CITYSCAPES_PALETTE: readonly Color[] = [
  [128, 64, 128], // road
  [244, 35, 232], // sidewalk
  [70, 70, 70], // building
  [102, 102, 156], // wall
  [190, 153, 153], // fence
  [153, 153, 153], // pole
  [250, 170, 30], // traffic light
  [220, 220, 0], // traffic sign
  [107, 142, 35], // vegetation
  [152, 251, 152], // terrain
  [70, 130, 180], // sky
  [220, 20, 60], // person
  [255, 0, 0], // rider
  [0, 0, 142], // car
  [0, 0, 70], // truck
  [0, 60, 100], // bus
  [0, 80, 100], // train
  [0, 0, 230], // motorcycle
  [119, 11, 32], // bicycle
];

/** The colours that `palette` of a task in `model.yaml` means; `count` distinct ones where it says nothing. */
export function paletteOf(palette: 'cityscapes' | readonly Color[] | undefined, count: number): readonly Color[] {
  if (palette === 'cityscapes') return CITYSCAPES_PALETTE;
  return palette ?? Array.from({ length: count }, (_, i) => distinctColor(i));
}

/** Hues a golden angle apart, so that any number of first ones differ, in three shades by turns. */
function distinctColor(index: number): Color {
  const hue = (index * 137.508) % 360;
  const value = [0.95, 0.75, 0.55][index % 3] ?? 1;
  const channel = (offset: number): number => {
    const k = (offset + hue / 60) % 6;
    return Math.round(255 * value * (1 - 0.75 * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}
