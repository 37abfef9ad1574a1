import type { PrintedTable } from './printed-table.js';

/** Table 2, segmentation: mIoU in percent under single-task attacks of L∞ 4, DRN-D-22. */
export const TABLE_2_SEGMENTATION: PrintedTable = {
  columns: ['s', 'sd', 'sA', 'sdA'],
  rows: {
    Clean: [48.58, 48.61, 49.61, 48.19],
    FGSM: [26.35, 26.28, 26.79, 26.71],
    PGD10: [13.04, 13.64, 14.76, 14.48],
    PGD20: [11.41, 11.98, 12.79, 12.73],
    PGD50: [10.49, 10.95, 11.68, 11.86],
    PGD100: [10.15, 10.51, 11.22, 11.52],
    MIM100: [9.9, 10.17, 10.93, 11.24],
    Houdini100: [5.04, 5.14, 6.24, 6.21],
  },
};

/** Table 2, depth: absolute error. Houdini is no attack on a loss that has a derivative. */
export const TABLE_2_DEPTH: PrintedTable = {
  columns: ['d', 'ds', 'dA', 'dAs'],
  rows: {
    Clean: [1.799, 1.792, 1.823, 1.798],
    FGSM: [3.16, 3.01, 3.0, 3.24],
    PGD10: [6.96, 6.15, 6.03, 6.59],
    PGD20: [8.81, 7.7, 7.64, 8.38],
    PGD50: [10.23, 9.07, 9.12, 9.81],
    PGD100: [10.8, 9.69, 9.74, 10.41],
    MIM100: [12.04, 10.72, 10.97, 11.69],
  },
};
