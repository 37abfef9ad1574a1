import { encodePng } from '../../../engine/index.js';
import type { SceneFile, Split } from '../scene-file.js';
import type { StreetScene } from './street-scene.js';

/** Invented towns. None is in both splits, as in Cityscapes. */
const CITIES: Readonly<Record<Split, readonly string[]>> = {
  train: ['birkenau', 'eschenbach', 'lindenthal', 'ulmenried'],
  val: ['ahornsee', 'tannenberg'],
};

/** The id of a scene in the layout of Cityscapes: `<city>/<city>_<sequence>_<frame>`. */
function streetId(split: Split, index: number): string {
  const cities = CITIES[split];
  const city = cities[index % cities.length];
  return `${city}/${city}_${`${index}`.padStart(6, '0')}_000000`;
}

/** The path of the image by whose presence a scene is found. */
export const streetImagePath = (split: Split, index: number): string =>
  `leftImg8bit/${split}/${streetId(split, index)}_leftImg8bit.png`;

/** The files of a scene as Cityscapes has them, the image last. */
export function streetFiles(
  { height, width, pixels, classes, disparity }: StreetScene,
  split: Split,
  index: number,
): readonly SceneFile[] {
  const id = streetId(split, index);
  const grey = (data: Uint8Array | Uint16Array): Uint8Array => encodePng({ width, height, channels: 1, data });
  return [
    { path: `gtFine/${split}/${id}_gtFine_trainIds.png`, data: grey(classes) },
    { path: `disparity/${split}/${id}_disparity.png`, data: grey(disparity) },
    { path: streetImagePath(split, index), data: encodePng({ width, height, channels: 3, data: pixels }) },
  ];
}
