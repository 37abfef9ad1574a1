import { arrayOf, type Prediction, type Task } from '../../clients/index.js';
import {
  colorizeClasses,
  colorizeValues,
  DATASET_LIMITS,
  decodeImage,
  encodePng,
  paint,
  type RgbImage,
  rgbOf,
} from '../../engine/index.js';
import type { PicturePanel } from '../report/report-picture.js';
import { paletteFor } from './target-model.js';

/** What is drawn of an example: both images as files, and what the model says of them. */
export interface PanelSource {
  readonly clean: Uint8Array;
  readonly adversarial: Uint8Array;
  /** In levels. */
  readonly epsilon: number;
  readonly tasks: readonly Task[];
  readonly predictions: { readonly clean: Prediction | undefined; readonly adversarial: Prediction | undefined };
}

/** Widest panel, in pixels: a report with dozens of them stays small enough to be mailed. */
const MAX_WIDTH = 384;

/** The clean and the adversarial image, what the model saw in both, and what was added: in pairs, as a report has them. */
export async function panelsOf({
  clean,
  adversarial,
  epsilon,
  tasks,
  predictions,
}: PanelSource): Promise<PicturePanel[]> {
  const before = rgbOf(await decodeImage(clean, DATASET_LIMITS));
  const after = rgbOf(await decodeImage(adversarial, DATASET_LIMITS));
  const factor = Math.max(1, Math.floor(127 / Math.max(epsilon, 1)));
  return [
    panel('clean', shrunk(before, 'mean')),
    panel('adversarial', shrunk(after, 'mean')),
    ...tasks.flatMap((task) => taskPanels(task, predictions)),
    // An average would hide what alternates from pixel to pixel.
    panel(`perturbation × ${factor}`, shrunk(perturbation(before, after, factor), 'nearest')),
  ];
}

const panel = (label: string, { width, height, data }: RgbImage): PicturePanel => ({
  label,
  png: encodePng({ width, height, channels: 3, data }),
});

function perturbation(before: RgbImage, after: RgbImage, factor: number): RgbImage {
  const level = (i: number): number => 128 + factor * ((after.data[i] ?? 0) - (before.data[i] ?? 0));
  const bounded = (i: number): number => Math.min(Math.max(level(i), 0), 255);
  return paint(before.width, before.height, (i) => [bounded(3 * i), bounded(3 * i + 1), bounded(3 * i + 2)]);
}

/** Two panels of a task whose output is a map of classes or of one number per pixel; none of another. */
function taskPanels(task: Task, { clean, adversarial }: PanelSource['predictions']): PicturePanel[] {
  const [before, after] = [mapOf(task, clean), mapOf(task, adversarial)];
  if (before === undefined || after === undefined) return [];
  // One scale for both, so that what changed looks changed.
  const range = extremesOf([before, after]);
  const draw = (map: MapOfNumbers): RgbImage =>
    map.isClasses ? colorizeClasses(map, paletteFor(task)) : colorizeValues(map, range);
  return [
    panel(`${task.name}, clean`, shrunk(draw(before), 'nearest')),
    panel(`${task.name}, under attack`, shrunk(draw(after), 'nearest')),
  ];
}

interface MapOfNumbers {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
  readonly isClasses: boolean;
}

function mapOf(task: Task, prediction: Prediction | undefined): MapOfNumbers | undefined {
  const found = prediction?.tasks.find((candidate) => candidate.task === task.name);
  const isClasses = task.labelForm === 'class-map';
  const tensor = isClasses ? found?.labels : found?.values;
  if (tensor === undefined) return undefined;
  const shape = tensor.shape.map(Number);
  // One channel, wherever the model has it.
  const [height = 0, width = 0, ...rest] =
    shape[0] === 1 ? shape.slice(1) : shape.at(-1) === 1 ? shape.slice(0, -1) : shape;
  const data = arrayOf(tensor);
  if (width === 0 || rest.length > 0 || data instanceof BigInt64Array) return undefined;
  return { width, height, data, isClasses };
}

/** Smallest and largest number of maps. */
function extremesOf(maps: readonly MapOfNumbers[]): readonly [number, number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { data } of maps) {
    for (let i = 0; i < data.length; i++) {
      low = Math.min(low, data[i] ?? 0);
      high = Math.max(high, data[i] ?? 0);
    }
  }
  return [low, high];
}

/** At most `MAX_WIDTH` wide, by a whole factor: the mean of each block, or its middle pixel. */
function shrunk(image: RgbImage, how: 'mean' | 'nearest'): RgbImage {
  const factor = Math.ceil(image.width / MAX_WIDTH);
  if (factor <= 1) return image;
  const [width, height] = [Math.floor(image.width / factor), Math.max(1, Math.floor(image.height / factor))];
  const at = (row: number, column: number, c: number): number => image.data[3 * (row * image.width + column) + c] ?? 0;
  const middle = factor >> 1;
  const mean = (row: number, column: number, c: number): number => {
    let sum = 0;
    for (let i = 0; i < factor; i++)
      for (let j = 0; j < factor; j++) sum += at(row * factor + i, column * factor + j, c);
    return Math.round(sum / factor ** 2);
  };
  const value = (row: number, column: number, c: number): number =>
    how === 'mean' ? mean(row, column, c) : at(row * factor + middle, column * factor + middle, c);
  return paint(width, height, (i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    return [value(row, column, 0), value(row, column, 1), value(row, column, 2)];
  });
}
