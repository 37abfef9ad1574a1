import { join } from 'node:path';
import { METRICS_FILE, readMetrics } from '../../lab/index.js';
import { writeWhole } from '../files.js';
import { loadChartRenderer } from '../report/chart-renderer.js';
import { drawCurves } from './curves.js';

/** Least time between two drawings while a training runs: each keeps it waiting. */
const INTERVAL_MS = 30_000;

/** Draws `curves.svg` of a training. */
export interface CurveWriter {
  /** Draws, unless it has just done so. */
  draw(): void;
  /** Draws for the last time. */
  finish(): Promise<void>;
}

/** @param tell told why there is no drawing: a training does not end for it */
export function curveWriter(folder: string, tell: (problem: string) => void): CurveWriter {
  let last = Number.NEGATIVE_INFINITY;
  let drawing: Promise<void> = Promise.resolve();
  const start = (): Promise<void> => {
    last = performance.now();
    drawing = drawing
      .then(() => writeCurves(folder))
      .catch((error: unknown) => tell(`no curves: ${error instanceof Error ? error.message : error}`));
    return drawing;
  };
  return {
    draw: () => {
      if (performance.now() - last >= INTERVAL_MS) void start();
    },
    finish: start,
  };
}

async function writeCurves(folder: string): Promise<void> {
  const render = await loadChartRenderer();
  if (render === undefined) throw new Error('vega and vega-lite are not installed');
  const records = await readMetrics(join(folder, METRICS_FILE));
  if (records.length > 0) await writeWhole(join(folder, 'curves.svg'), await drawCurves(records, render));
}
