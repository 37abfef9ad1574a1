import type { Color, RgbImage } from './rgb-image.js';

/** Width of a glyph, its height above the base line (two rows may hang below), and the distance to the next, in dots. */
const GLYPH_WIDTH = 5;
export const GLYPH_HEIGHT = 7;
const GLYPH_ADVANCE = GLYPH_WIDTH + 1;

/** One word per character from space to `~`; one letter per row, its dots as a number in base 32, the left one first. */
const GLYPHS = (
  '0000000 4444404 aaa0000 aavavaa 4fke5u4 pp248jj cik8lid 4480000 2488842 8422248 04lel40 044v440 ' +
  '0000c48 000v000 00000cc 01248g0 ehjlphe 4c4444e eh1248v v2421he 26aiv22 vgu11he 68guhhe v124888 ' +
  'ehhehhe ehhf12c 0cc0cc0 0cc0c48 248g842 00v0v00 8421248 eh12404 ehnlmgf ehhvhhh uhhuhhu ehggghe ' +
  'sihhhis vgguggv vgguggg ehgnhhf hhhvhhh e44444e 72222ic hikokih ggggggv hrllhhh hhpljhh ehhhhhe ' +
  'uhhuggg ehhhlid uhhukih fgge11u v444444 hhhhhhe hhhhha4 hhhllrh hha4ahh hha4444 v1248gv e88888e ' +
  '0g84210 e22222e 4ah0000 000000v 8420000 00e1fhf ggmphhu 00egghe 11djhhf 00ehvge 698s888 00fhhhf1e ' +
  'ggmphhh 40c444e 2062222ic ggikoki c44444e 00qlllh 00mphhh 00ehhhe 00uhhhugg 00fhhhf11 00mpggg 00fge1u ' +
  '88s8896 00hhhjd 00hhha4 00hhlla 00ha4ah 00hhhhf1e 00v248v 2448442 4444444 8442448 009li00'
).split(' ');

/** Drawn for characters that have no glyph. */
const MISSING = 'vhhhhhv';

/** Length of a text in dots. */
export const textWidth = (text: string): number => Math.max(0, text.length * GLYPH_ADVANCE - 1);

/** Where a text is drawn, and how. */
export interface TextStyle {
  /** Of the upper left corner, in pixels. */
  readonly x: number;
  readonly y: number;
  /** Pixels per dot. */
  readonly scale: number;
  readonly color: Color;
}

/** Draws a line of printable ASCII into a picture, which is changed. Dots outside it are left out. */
export function drawText({ width, height, data }: RgbImage, text: string, { x, y, scale, color }: TextStyle): void {
  for (const [index, character] of [...text].entries()) {
    for (const [dotX, dotY] of dotsOf(character)) {
      const left = x + (index * GLYPH_ADVANCE + dotX) * scale;
      for (let row = Math.max(0, y + dotY * scale); row < Math.min(height, y + (dotY + 1) * scale); row++) {
        for (let column = Math.max(0, left); column < Math.min(width, left + scale); column++)
          data.set(color, 3 * (row * width + column));
      }
    }
  }
}

function dotsOf(character: string): readonly (readonly [x: number, y: number])[] {
  const rows = GLYPHS[character.charCodeAt(0) - 32] ?? MISSING;
  return [...rows].flatMap((letter, y) => {
    const bits = Number.parseInt(letter, 32);
    return [0, 1, 2, 3, 4].filter((x) => (bits >> (4 - x)) & 1).map((x) => [x, y] as const);
  });
}
