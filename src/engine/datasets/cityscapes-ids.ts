/** Train ids by label id, 0 … 33; 255 is ignored. Source: https://github.com/mcordts/cityscapesScripts, labels.py. */
const TRAIN_IDS = [
  255, 255, 255, 255, 255, 255, 255, 0, 1, 255, 255, 2, 3, 4, 255, 255, 255, 5, 255, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
  255, 255, 16, 17, 18,
] as const;

/** The train id that means "do not count". */
export const IGNORED_TRAIN_ID = 255;

/** The train id of a label id; `undefined` where there is no such label. 255 stands for −1, the licence plate. */
export const trainIdOf = (labelId: number): number | undefined =>
  labelId === 255 ? IGNORED_TRAIN_ID : TRAIN_IDS[labelId];
