import type { PrintedTable } from './printed-table.js';

/** Table 3, segmentation: mIoU in percent of models that were trained on attacked images, L∞ 4, DRN-D-22. */
export const TABLE_3_SEGMENTATION: PrintedTable = {
  columns: ['s', 'sd', 'sA', 'sdA'],
  rows: {
    Clean: [41.95, 43.27, 43.65, 43.26],
    PGD50: [19.73, 22.08, 20.45, 21.93],
    PGD100: [19.63, 21.96, 20.31, 21.83],
    MIM100: [19.54, 21.89, 20.2, 21.74],
    Houdini100: [17.05, 19.45, 17.36, 19.16],
  },
};

/** Table 3, depth: absolute error. */
export const TABLE_3_DEPTH: PrintedTable = {
  columns: ['d', 'ds', 'dA', 'dAs'],
  rows: {
    Clean: [2.24, 2.07, 2.15, 2.15],
    PGD50: [2.85, 2.61, 2.75, 2.67],
    PGD100: [2.85, 2.61, 2.75, 2.67],
    MIM100: [2.85, 2.61, 2.75, 2.67],
  },
};
