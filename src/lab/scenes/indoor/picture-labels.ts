import { blurGaussian } from '../../../engine/index.js';

// Labels of Taskonomy that follow from the picture alone, as samples of 16 bits, row by row.

/** A picture of one channel, 0 … 1. */
export interface GreyPicture {
  readonly height: number;
  readonly width: number;
  readonly data: Float64Array;
}

/** Luminance of RGB levels. Source: ITU-R BT.709 */
export function greyOf(pixels: Uint8Array, height: number, width: number): GreyPicture {
  const level = (i: number): number => pixels[i] as number;
  const data = Float64Array.from(
    { length: height * width },
    (_, i) => (0.2126 * level(3 * i) + 0.7152 * level(3 * i + 1) + 0.0722 * level(3 * i + 2)) / 255,
  );
  return { height, width, data };
}

const EDGE_BLUR = 1;
const KEYPOINT_BLUR = 1.5;

const sampleOf = (share: number): number => Math.round(Math.min(Math.max(share, 0), 1) * 65_535);

/**
 * Edges of texture: how steep the picture is after a Gaussian blur, in ranges of brightness per pixel. Readers clip it at 0.08.
 * Source: the first steps of Canny, "A Computational Approach to Edge Detection", 1986
 */
export function textureEdges(picture: GreyPicture): Uint16Array {
  const at = sampler(picture, EDGE_BLUR);
  return perPixel(picture, (x, y) =>
    sampleOf(Math.hypot(at(x + 1, y) - at(x - 1, y), at(x, y + 1) - at(x, y - 1)) / 2),
  );
}

/**
 * 2-D keypoints: the determinant of the Hessian after a Gaussian blur of σ pixels, times σ⁴, where it is above 0: blobs and
 * corners. Readers clip it at 0.005.
 * Source: Bay et al., "Speeded-Up Robust Features", 2008, without its boxes
 */
export function blobs(picture: GreyPicture): Uint16Array {
  const at = sampler(picture, KEYPOINT_BLUR);
  return perPixel(picture, (x, y) => {
    const middle = 2 * at(x, y);
    const xx = at(x + 1, y) + at(x - 1, y) - middle;
    const yy = at(x, y + 1) + at(x, y - 1) - middle;
    const xy = (at(x + 1, y + 1) - at(x - 1, y + 1) - at(x + 1, y - 1) + at(x - 1, y - 1)) / 4;
    return sampleOf((xx * yy - xy * xy) * KEYPOINT_BLUR ** 4);
  });
}

/** The blurred picture, continued by its outermost pixels. */
function sampler({ height, width, data }: GreyPicture, sigma: number): (x: number, y: number) => number {
  const blurred = blurGaussian(data, width, height, sigma);
  const within = (value: number, end: number): number => Math.min(Math.max(value, 0), end - 1);
  return (x, y) => blurred[within(y, height) * width + within(x, width)] as number;
}

const perPixel = ({ height, width }: GreyPicture, sampleAt: (x: number, y: number) => number): Uint16Array =>
  Uint16Array.from({ length: height * width }, (_, i) => sampleAt(i % width, Math.floor(i / width)));
