import type { Camera } from '../../src/lab/scenes/camera.js';

/** A camera at the origin that looks along z, but for what the test is about. */
export const camera = (change: Partial<Camera> = {}): Camera => ({
  height: 8,
  width: 8,
  focal: 6,
  center: [4, 4],
  origin: [0, 0, 0],
  rotation: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  ...change,
});

/** The pixel right of and below the middle. */
export const center = ({ height, width }: Camera): number => (height / 2) * width + width / 2;
