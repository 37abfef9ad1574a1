import { join } from 'node:path';
import type { Reproduction } from '../../lab/index.js';
import { writeWhole } from '../files.js';
import { loadChartRenderer } from '../report/chart-renderer.js';
import { reproductionHtml } from './html-report.js';
import { reproductionMarkdown } from './markdown-report.js';
import { drawOutcomeCharts } from './outcome-charts.js';

/**
 * Writes `report.html`, `report.md` and `result.json` of a reproduction.
 *
 * @returns whether plots could be drawn
 */
export async function writeReports(folder: string, reproduction: Reproduction): Promise<boolean> {
  const render = await loadChartRenderer();
  const charts = render && (await drawOutcomeCharts(reproduction, render));
  await writeWhole(join(folder, 'result.json'), `${JSON.stringify(reproduction, undefined, 2)}\n`);
  await writeWhole(join(folder, 'report.md'), reproductionMarkdown(reproduction));
  await writeWhole(join(folder, 'report.html'), reproductionHtml(reproduction, charts));
  return render !== undefined;
}
