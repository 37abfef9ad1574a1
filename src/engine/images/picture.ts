import { drawText, GLYPH_HEIGHT, textWidth } from './glyphs.js';
import { type Color, paint, type RgbImage } from './rgb-image.js';

/** An image with a line of text above it. */
export interface Panel {
  readonly label: string;
  readonly image: RgbImage;
}

export interface PictureOptions {
  /** Pixels per pixel of the panels, a whole number ≥ 1: nearest, so that every pixel stays what it is. */
  readonly scale: number;
  /** A line above all panels. */
  readonly title?: string;
}

const BACKGROUND: Color = [24, 26, 32];
const TEXT: Color = [226, 228, 232];
const MARGIN = 12;
const TEXT_SCALE = 2;
const LINE = GLYPH_HEIGHT * TEXT_SCALE;

/** Labelled panels side by side, in rows whose columns are aligned, as one picture. */
export function composePicture(rows: readonly (readonly Panel[])[], { scale, title }: PictureOptions): RgbImage {
  const widths = columnWidths(rows, scale);
  const heights = rows.map((row) => Math.max(0, ...row.map(({ image }) => image.height * scale)));
  const top = title === undefined ? MARGIN : MARGIN + LINE + MARGIN;
  const width = Math.max(sum(widths) + (widths.length + 1) * MARGIN, textWidth(title ?? '') * TEXT_SCALE + 2 * MARGIN);
  const height = top + sum(heights) + rows.length * (LINE + MARGIN / 2 + MARGIN);
  const picture = paint(width, height, () => BACKGROUND);
  if (title !== undefined) drawText(picture, title, { x: MARGIN, y: MARGIN, scale: TEXT_SCALE, color: TEXT });
  let y = top;
  for (const [r, row] of rows.entries()) {
    let x = MARGIN;
    for (const [c, { label, image }] of row.entries()) {
      drawText(picture, label, { x, y, scale: TEXT_SCALE, color: TEXT });
      drawScaled(picture, image, x, y + LINE + MARGIN / 2, scale);
      x += (widths[c] ?? 0) + MARGIN;
    }
    y += LINE + MARGIN / 2 + (heights[r] ?? 0) + MARGIN;
  }
  return picture;
}

function columnWidths(rows: readonly (readonly Panel[])[], scale: number): readonly number[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widthOf = ({ label, image }: Panel): number => Math.max(image.width * scale, textWidth(label) * TEXT_SCALE);
  return Array.from({ length: columns }, (_, c) =>
    Math.max(...rows.flatMap((row) => row.slice(c, c + 1)).map(widthOf)),
  );
}

function drawScaled(picture: RgbImage, image: RgbImage, x: number, y: number, scale: number): void {
  for (let row = 0; row < image.height * scale; row++) {
    for (let column = 0; column < image.width * scale; column++) {
      const from = 3 * (Math.floor(row / scale) * image.width + Math.floor(column / scale));
      picture.data.set(image.data.subarray(from, from + 3), 3 * ((y + row) * picture.width + x + column));
    }
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
