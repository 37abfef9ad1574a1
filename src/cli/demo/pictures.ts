import { arrayOf, type Prediction, type Tensor } from '../../clients/index.js';
import {
  CITYSCAPES_PALETTE,
  colorizeClasses,
  colorizeValues,
  composePicture,
  type DecodedImage,
  encodePng,
  levelsOf,
  paint,
  type RgbImage,
  rgbOf,
  type ValueMap,
} from '../../engine/index.js';
import type { Scene } from './scenes.js';

/** What one picture shows. */
export interface PictureInput {
  readonly title: string;
  readonly scene: Scene;
  readonly adversarial: DecodedImage;
  /** What the gateway predicts for the scene, and for the adversarial image. */
  readonly before: Prediction;
  readonly after: Prediction;
}

const PERTURBATION_GAIN = 16;
const SCALE = 3;

/** A PNG: the input and what was added to it, then each task's truth and its prediction before and after. */
export function pictureOf({ title, scene, adversarial, before, after }: PictureInput): Uint8Array {
  const { width, height } = scene.image;
  const classes = (prediction: Prediction): RgbImage =>
    colorizeClasses({ width, height, data: numbersOf(labelsOf(prediction)) }, CITYSCAPES_PALETTE);
  const truth: ValueMap = { width, height, data: scene.disparity.data };
  const range = [0, Math.max(...scene.disparity.data)] as const;
  const depth = (prediction: Prediction): RgbImage =>
    colorizeValues({ width, height, data: numbersOf(depthOf(prediction)).map((value) => value * 1000) }, range);
  const rows = [
    [
      { label: 'input', image: rgbOf(scene.image) },
      { label: 'adversarial input', image: rgbOf(adversarial) },
      { label: `perturbation x ${PERTURBATION_GAIN}`, image: perturbationOf(scene.image, adversarial) },
    ],
    [
      {
        label: 'segmentation, truth',
        image: colorizeClasses({ width, height, data: scene.segmentation.data }, CITYSCAPES_PALETTE),
      },
      { label: 'predicted before', image: classes(before) },
      { label: 'predicted after', image: classes(after) },
    ],
    [
      { label: 'depth, truth', image: colorizeValues(truth, range) },
      { label: 'predicted before', image: depth(before) },
      { label: 'predicted after', image: depth(after) },
    ],
  ];
  const picture = composePicture(rows, { scale: SCALE, title });
  return encodePng({ ...picture, channels: 3 });
}

/** The difference around mid-grey, made visible. */
function perturbationOf(clean: DecodedImage, adversarial: DecodedImage): RgbImage {
  const [from, to] = [levelsOf(clean), levelsOf(adversarial)];
  const at = (i: number): number =>
    Math.min(255, Math.max(0, Math.round(128 + PERTURBATION_GAIN * ((to[i] ?? 0) - (from[i] ?? 0)))));
  return paint(clean.width, clean.height, (pixel) => [at(3 * pixel), at(3 * pixel + 1), at(3 * pixel + 2)]);
}

const taskOf = ({ tasks }: Prediction, name: string) => tasks.find(({ task }) => task === name);
const labelsOf = (prediction: Prediction): Tensor | undefined => taskOf(prediction, 'segmentation')?.labels;
const depthOf = (prediction: Prediction): Tensor | undefined => taskOf(prediction, 'depth')?.values;

function numbersOf(tensor: Tensor | undefined): number[] {
  if (tensor === undefined) throw new Error('expected a predicted map from the gateway, got none');
  return Array.from(arrayOf(tensor), Number);
}
