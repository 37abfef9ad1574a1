import { EngineError, type ModelInfo, type Shape, sizeOf, type TaskInfo, type Tensor } from '../../../engine/index.js';
import type { StoredExample, StoredLabel } from './example-store.js';
import { copyWindow, type Grid, gridOf, type Window, windowShape } from './window.js';

/** Examples as a program takes them. */
export interface Batch {
  /** What draws for an example are keyed by, one each. */
  readonly keys: readonly string[];
  /** Levels, shape [N, …]. */
  readonly pixels: Tensor;
  readonly labels: ReadonlyMap<string, Float32Array>;
  readonly valid: ReadonlyMap<string, Uint8Array>;
  /** By task, for each example: whether a label of it counts anywhere. */
  readonly isLabelled: ReadonlyMap<string, readonly boolean[]>;
}

/** An example and what of it is taken. */
export interface BatchRow {
  /** Key of its draws. */
  readonly key: string;
  readonly example: StoredExample;
  readonly window: Window | undefined;
}

/** What batches are made for. */
export interface BatchModel {
  readonly info: Pick<ModelInfo, 'input'>;
  /** Those that are trained or attacked. */
  readonly tasks: readonly TaskInfo[];
  /** The input of the model for these levels. */
  normalise(pixels: Tensor): Tensor;
}

/** Height and width of an image. */
export function sidesOf(shape: Shape, { kind, layout }: ModelInfo['input']): readonly [number, number] | undefined {
  if (kind !== 'image') return undefined;
  const [height, width] = layout === 'NCHW' ? shape.slice(1) : shape;
  return [height as number, width as number];
}

/**
 * Joins examples to a batch. The labels of a reconstruction are the normalised pixels.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when examples differ in shape, or a label that is a map has not the size of
 *   its image and cannot be cut or mirrored with it; the message begins with the key.
 */
export function batchOf(rows: readonly BatchRow[], model: BatchModel): Batch {
  const parts = rows.map((row) => cutRow(row, model));
  const [first] = parts;
  if (first === undefined) throw new EngineError('INTERNAL', 'expected an example, got none');
  for (const [n, { shape }] of parts.entries()) {
    if (shape.join() !== first.shape.join())
      throw unfit(rows[n] as BatchRow, `the shape of the others of its batch, [${first.shape}]`, `[${shape}]`);
  }
  const data = new Float32Array(rows.length * sizeOf(first.shape));
  for (const [n, { pixels }] of parts.entries()) data.set(pixels, n * pixels.length);
  const pixels = { data, shape: [rows.length, ...first.shape] };
  const tasks = model.tasks.map((task) => ({ task, ...taskLabels(task, rows, parts, () => model.normalise(pixels)) }));
  return {
    keys: rows.map(({ key }) => key),
    pixels,
    labels: new Map(tasks.map(({ task, labels }) => [task.name, labels])),
    valid: new Map(tasks.map(({ task, valid }) => [task.name, valid])),
    isLabelled: new Map(tasks.map(({ task, isLabelled }) => [task.name, isLabelled])),
  };
}

interface Part {
  readonly pixels: Float32Array;
  readonly shape: Shape;
  readonly labels: ReadonlyMap<string, { readonly data: Float32Array; readonly valid: Uint8Array }>;
}

function cutRow(row: BatchRow, { info, tasks }: BatchModel): Part {
  const { example, window } = row;
  const sides = sidesOf(example.shape, info.input);
  const grid = sides && gridOf(example.shape, ...sides);
  if (window !== undefined && grid === undefined) throw unfit(row, 'an image, which can be cut', `[${example.shape}]`);
  const shape = window && grid ? windowShape(example.shape, grid, window) : example.shape;
  const pixels = new Float32Array(sizeOf(shape));
  if (window && grid) copyWindow(example.pixels, grid, window, pixels, 0);
  else pixels.set(example.pixels);
  const labels = tasks.flatMap((task) => {
    const label = example.labels.get(task.name);
    return label === undefined ? [] : [[task.name, cutLabel(row, label, task, sides)] as const];
  });
  return { pixels, shape, labels: new Map(labels) };
}

function cutLabel(row: BatchRow, label: StoredLabel, task: TaskInfo, sides: readonly [number, number] | undefined) {
  const { window } = row;
  const isMap = label.shape.length > 1;
  if (window === undefined || sides === undefined || !isMap) {
    const data = Float32Array.from(label.data);
    return { data, valid: label.valid ?? new Uint8Array(data.length).fill(1) };
  }
  const grid = gridOf(label.shape, ...sides);
  if (grid === undefined) {
    throw unfit(row, `a label of ${task.name} of the size of its image, ${sides.join(' × ')}`, `[${label.shape}]`);
  }
  const size = sizeOf(windowShape(label.shape, grid, window));
  const data = new Float32Array(size);
  copyWindow(label.data, grid, window, data, 0);
  if (window.isFlipped) mirrorNumbers(data, grid, window, task, row);
  const valid = new Uint8Array(size);
  if (label.valid === undefined) valid.fill(1);
  else copyWindow(label.valid, grid, window, valid, 0);
  return { data, valid };
}

/** What a label says of left and right must be said the other way round in a mirror. */
function mirrorNumbers(
  data: Float32Array,
  grid: Grid,
  { height, width }: Window,
  { kind, name }: TaskInfo,
  row: BatchRow,
) {
  if (kind === 'box-regression') throw unfit(row, `labels that can be mirrored`, `those of ${name}, which are boxes`);
  if (kind !== 'normals') return;
  // The first channel of a normal points to the side.
  const isFirst = grid.planes > 1 ? (i: number) => i < height * width : (i: number) => i % grid.channels === 0;
  for (let i = 0; i < data.length; i++) if (isFirst(i)) data[i] = -(data[i] as number);
}

function taskLabels(task: TaskInfo, rows: readonly BatchRow[], parts: readonly Part[], input: () => Tensor) {
  if (task.isReconstruction) {
    const { data } = input();
    return { labels: data, valid: new Uint8Array(data.length).fill(1), isLabelled: rows.map(() => true) };
  }
  const found = parts.map(({ labels }) => labels.get(task.name));
  const size = found.find((label) => label !== undefined)?.data.length ?? sizeWithout(task);
  const labels = new Float32Array(size * rows.length);
  const valid = new Uint8Array(size * rows.length);
  for (const [n, label] of found.entries()) {
    if (label === undefined) continue;
    if (label.data.length !== size)
      throw unfit(rows[n] as BatchRow, `${size} numbers as label of ${task.name}`, `${label.data.length}`);
    labels.set(label.data, n * size);
    valid.set(label.valid, n * size);
  }
  return { labels, valid, isLabelled: found.map((label) => label?.valid.includes(1) ?? false) };
}

/** Numbers of a label that no example of a batch has. */
function sizeWithout({ name, shape, labelForm, classCount }: TaskInfo): number {
  const size = sizeOf(shape);
  if (shape.includes(-1))
    throw new EngineError('INVALID_DATASET', `expected a label of ${name} in every batch, got none in one`);
  return labelForm === 'class' || labelForm === 'class-map' ? size / classCount : size;
}

const unfit = ({ example }: BatchRow, expected: string, got: string): EngineError =>
  new EngineError('INVALID_DATASET', `${example.key}: expected ${expected}, got ${got}`);
