import type { TaskonomyLetter } from '../tasks.js';

/** One row of Fig. 7: a main task, which is also tested, with each auxiliary task. */
export interface PrintedRow {
  readonly task: TaskonomyLetter;
  /** What the paper calls the task. */
  readonly title: string;
  /** Of the single-task model: mIoU in percent, or the error times `baselineScale`. */
  readonly baseline: number;
  readonly baselineScale: number;
  /** Relative improvement in percent by the auxiliary task, in the order of `FIGURE_7_TASKS`; 0 on the diagonal. */
  readonly improvement: readonly number[];
  readonly mean: number;
}

/** Order of the columns, which is that of the rows. */
export const FIGURE_7_TASKS: readonly TaskonomyLetter[] = ['s', 'd', 'e', 'n', 'r', 'k', 'K', 'D', 'A', 'E', 'p'];

/** Fig. 7a: under PGD of 50 steps, L∞ 4. The paper says 90 of 110 cells improve; its own matrix has 88. */
export const FIGURE_7_ATTACKED: readonly PrintedRow[] = [
  row('s', 'SemSeg', 13.36, 1, [0, 44.61, 4.42, 24.48, 9.13, 17.51, 3.14, 11.6, 5.61, 10.18, 11.53], 14.22),
  row('d', 'DepthZ', 11.49, 1e2, [59, 0, 40.99, -1.1, -8.02, 3.22, 27.27, 8.64, 56.65, -6.43, 56.18], 23.64),
  row('e', 'Edge2D', 10.67, 1e2, [7.79, 12.27, 0, 10.55, 6.83, 8.81, 9.54, 8.98, 6.85, 6.5, 5.41], 8.35),
  row('n', 'Normal', 40.93, 1e2, [14.06, -4.75, 3.89, 0, 1.04, 3.58, 2.43, -2.8, 12.71, 9.42, -0.7], 3.89),
  row('r', 'Reshading', 57.89, 1e2, [15.66, 0.18, 5.05, 2.42, 0, 3.36, 7.93, -3.68, -5.37, 14.8, 0.46], 4.08),
  row('k', 'Key2D', 11.72, 1e2, [7.4, 7.08, 8.69, 10.19, 7.13, 0, 6.56, 9.41, 6.27, 8.23, 9.88], 8.08),
  row('K', 'Key3D', 49.7, 1e2, [37.72, 0.18, -2.19, 7.73, 15.14, 11.81, 0, -3.04, 34.47, -7.48, -6.39], 8.8),
  row('D', 'DepthE', 4.85, 1e3, [27.15, 29.95, 32.96, 11.87, -17.11, 24.24, 23.07, 0, 23.57, 31.19, 39.44], 22.63),
  row('A', 'AutoE', 59.31, 1e2, [2.6, -1.62, 1.75, -5.08, -0.17, -0.03, -2.37, 1.8, 0, -1.94, -3.68], -0.87),
  row('E', 'Edge3D', 15.9, 1e2, [8.36, 3.58, -2.71, 3.38, 4.45, 1.96, -6.32, 3.12, 20.69, 0, 6.98], 4.35),
  row('p', 'PCurve', 11.47, 1e4, [22.22, 22.38, 9.74, 19.51, 16.14, 22.39, 9.04, 2.81, 19.91, 9.31, 0], 15.34),
];

/** Fig. 7b: on clean examples. The paper says 4.7 % on average; its own matrix averages 1.98 %. */
export const FIGURE_7_CLEAN: readonly PrintedRow[] = [
  row('s', 'SemSeg', 43.19, 1, [0, 7.2, 6.92, 7.32, 7.06, 5.21, 5.63, 3.47, 3.03, 4.93, 3.01], 5.38),
  row('d', 'DepthZ', 2.85, 1e2, [4.15, 0, -36.05, 0.19, 12.16, -0.78, -24.91, -17.07, -11.2, -8.26, -64.44], -14.62),
  row('e', 'Edge2D', 3.38, 1e2, [-15.91, 0.05, 0, -3.64, -1.51, 1.6, -4.08, -1.46, -5.62, -5.49, -2.07], -3.81),
  row('n', 'Normal', 7, 1e2, [-2.64, -1.38, -0.13, 0, 0.11, 0.1, -2.64, 0.82, 1.91, 0.93, -2.06], -0.5),
  row('r', 'Reshading', 8.03, 1e2, [0.52, -0.94, 1.07, 1.57, 0, -0.18, 0.88, 1.09, 1.71, -0.48, -1.53], 0.37),
  row('k', 'Key2D', 4.16, 1e2, [0.96, 6.22, 8.67, 6.99, 0.21, 0, 5.08, 7.2, 8.01, 7.35, 6.68], 5.74),
  row('K', 'Key3D', 8.77, 1e2, [3.72, 0.96, 2.93, 1.84, 5.17, 0.77, 0, 3.18, 4.62, 4.66, 2.19], 3),
  row('D', 'DepthE', 6.37, 1e3, [-3.17, 6.7, 0.35, 2.15, 8.96, -0.71, -1.53, 0, 6.67, 10.32, 1.91], 3.17),
  row('A', 'AutoE', 3.47, 1e2, [-4.21, -6.9, -2.27, -3.38, -2.02, -8.96, -8.4, -2.09, 0, -1.75, -2.4], -4.24),
  row('E', 'Edge3D', 4.65, 1e2, [-1, 0.87, -1.69, 1.86, -1.64, 6.12, 0.31, 0.82, 9.45, 0, 20.35], 3.54),
  row('p', 'PCurve', 10.48, 1e4, [20.19, 21.87, 20.26, 18.47, 30.96, 26.18, 26.26, 22.17, 25.03, 26.19, 0], 23.76),
];

function row(
  task: TaskonomyLetter,
  title: string,
  baseline: number,
  baselineScale: number,
  improvement: readonly number[],
  mean: number,
): PrintedRow {
  return { task, title, baseline, baselineScale, improvement, mean };
}
