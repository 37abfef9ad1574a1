import type { PrintedTable } from './printed-table.js';

/** Table 1, segmentation: mIoU in percent under the multitask PGD attack, DRN-D-105. */
export const TABLE_1_SEGMENTATION: PrintedTable = {
  columns: ['s', 'sd', 'sdA'],
  rows: { Clean: [44.77, 46.53, 45.82], PGD: [15.75, 16.01, 16.36] },
};

/** Table 1, depth: absolute error under the multitask PGD attack. */
export const TABLE_1_DEPTH: PrintedTable = {
  columns: ['d', 'sd', 'sdA'],
  rows: { Clean: [1.82, 1.78, 1.96], PGD: [6.81, 6.08, 5.81] },
};
