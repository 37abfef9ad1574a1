import { type ImageLayout, PIXEL_RANGE } from './attack.js';

const [MIN, MAX] = PIXEL_RANGE;

/** How often colours are drawn anew where they change nothing. */
const MOST_DRAWS = 16;

/** Where the elements of an example lie: element (c, y, x) at c · strides.channel + y · strides.y + x · strides.x. */
export interface Grid {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly strides: { readonly channel: number; readonly y: number; readonly x: number };
}

/**
 * The grid of an example. What is no image is one row of all of its numbers.
 *
 * @param shape without the batch axis
 */
export function gridOf(shape: readonly number[], layout: ImageLayout | undefined): Grid {
  const [a = 1, b = 1, c = 1] = shape;
  if (layout === undefined || shape.length !== 3) {
    const width = shape.reduce((product, n) => product * n, 1);
    return { channels: 1, height: 1, width, strides: { channel: width, y: width, x: 1 } };
  }
  if (layout === 'NCHW') return { channels: a, height: b, width: c, strides: { channel: b * c, y: c, x: 1 } };
  return { channels: c, height: a, width: b, strides: { channel: 1, y: b * c, x: c } };
}

/** An example that is painted on. */
export interface Canvas {
  /** Changed in place. */
  readonly row: Float32Array;
  readonly clean: Float32Array;
  /** In levels. */
  readonly epsilon: number;
  readonly grid: Grid;
  /** Uniform draws from [0, 1). */
  random(): number;
}

/** Every column gets x₀ + ε or x₀ − ε in each channel, cut to the range. */
export function paintStripes(canvas: Canvas): void {
  const { channels, height, width } = canvas.grid;
  for (let x = 0; x < width; x++) {
    for (let channel = 0; channel < channels; channel++) {
      fill(canvas, channel, signOf(canvas), { x, y: 0, width: 1, height });
    }
  }
}

/** A square at a random place gets x₀ + ε or x₀ − ε in each channel, cut to the range; of one row, a run of it. */
export function paintSquare(canvas: Canvas, side: number): void {
  const { channels, height, width } = canvas.grid;
  const tall = Math.min(side, height);
  const y = Math.floor(canvas.random() * (height - tall + 1));
  const x = Math.floor(canvas.random() * (width - side + 1));
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    let isChanged = false;
    for (let channel = 0; channel < channels; channel++) {
      const changes = fill(canvas, channel, signOf(canvas), { x, y, width: side, height: tall });
      isChanged ||= changes;
    }
    if (isChanged) return;
  }
}

const signOf = ({ random }: Canvas): 1 | -1 => (random() < 0.5 ? -1 : 1);

interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Returns whether anything is other than before. */
function fill({ row, clean, epsilon, grid }: Canvas, channel: number, sign: number, area: Rectangle): boolean {
  const { strides } = grid;
  let isChanged = false;
  for (let y = area.y; y < area.y + area.height; y++) {
    for (let x = area.x; x < area.x + area.width; x++) {
      const i = channel * strides.channel + y * strides.y + x * strides.x;
      const before = row[i];
      row[i] = Math.min(Math.max((clean[i] as number) + sign * epsilon, MIN), MAX);
      if (row[i] !== before) isChanged = true;
    }
  }
  return isChanged;
}
