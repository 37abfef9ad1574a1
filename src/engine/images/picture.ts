import { GLYPH, glyphOf } from './glyphs.js';
import type { Color } from './palette.js';

/** An RGB image of 8 bits, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A picture with a few words over it. */
export interface Panel {
  readonly label: string;
  readonly picture: Picture;
}

const BACKGROUND: Color = [24, 26, 31];
const INK: Color = [225, 228, 232];
const GAP = 6;
const LABEL_HEIGHT = GLYPH.height + 6;

/** A picture whose pixels `colorAt` gives. */
export function paint(width: number, height: number, colorAt: (x: number, y: number) => Color): Picture {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) data.set(colorAt(x, y), (y * width + x) * 3);
  return { width, height, data };
}

/** The same, each pixel a square of `factor` × `factor`. */
export const enlarge = (picture: Picture, factor: number): Picture =>
  paint(picture.width * factor, picture.height * factor, (x, y) =>
    pixelOf(picture, Math.floor(x / factor), Math.floor(y / factor)),
  );

export const pixelOf = ({ width, data }: Picture, x: number, y: number): Color => {
  const i = (y * width + x) * 3;
  return [data[i] as number, data[i + 1] as number, data[i + 2] as number];
};

/** Panels in rows, each under its label, on a dark ground. Rows may differ in length. */
export function compose(rows: readonly (readonly Panel[])[]): Picture {
  const cellWidth = Math.max(...rows.flat().map(({ picture }) => picture.width));
  const cellHeight = Math.max(...rows.flat().map(({ picture }) => picture.height));
  const columns = Math.max(...rows.map((row) => row.length));
  const width = GAP + columns * (cellWidth + GAP);
  const height = GAP + rows.length * (LABEL_HEIGHT + cellHeight + GAP);
  const canvas = paint(width, height, () => BACKGROUND);
  for (const [r, row] of rows.entries()) {
    for (const [c, { label, picture }] of row.entries()) {
      const left = GAP + c * (cellWidth + GAP);
      const top = GAP + r * (LABEL_HEIGHT + cellHeight + GAP);
      write(canvas, label, left, top, cellWidth);
      copy(canvas, picture, left, top + LABEL_HEIGHT);
    }
  }
  return canvas;
}

function copy(canvas: Picture, { width, height, data }: Picture, left: number, top: number): void {
  for (let y = 0; y < height; y++) {
    canvas.data.set(data.subarray(y * width * 3, (y + 1) * width * 3), ((top + y) * canvas.width + left) * 3);
  }
}

/** As many characters as fit. */
function write(canvas: Picture, text: string, left: number, top: number, width: number): void {
  const fitting = Math.floor((width + 1) / (GLYPH.width + 1));
  for (const [i, character] of [...text].slice(0, fitting).entries()) {
    for (const [y, row] of glyphOf(character).entries()) {
      for (const [x, dot] of [...row].entries()) {
        if (dot !== '#') continue;
        canvas.data.set(INK, ((top + y) * canvas.width + left + i * (GLYPH.width + 1) + x) * 3);
      }
    }
  }
}
