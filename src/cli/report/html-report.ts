import type { EvaluationResult } from '../../engine/index.js';
import type { Charts } from './charts.js';
import { badge, standingOf } from './figure.js';
import { embeddedJson, html } from './html.js';
import { page } from './page.js';
import type { ReportPicture } from './report-picture.js';
import { attackTable } from './sections/attack-table.js';
import { configurationSection, skippedSection } from './sections/configuration.js';
import { damageSection } from './sections/damage.js';
import { pictureSection } from './sections/pictures.js';
import { plotSections } from './sections/plots.js';
import { doubtSection, gateSection } from './sections/verdicts.js';

/** What a report shows beside the figures. */
export interface ReportImages {
  /** `undefined` where nothing is installed that can draw them. */
  readonly charts: Charts | undefined;
  readonly pictures: readonly ReportPicture[];
}

/**
 * The report of an evaluation: one HTML page that needs nothing else, for a screen of any width and for paper. Figures that
 * are in doubt are struck wherever they stand. The result itself is in it as JSON, without what it keeps of each example.
 */
export function htmlReport(result: EvaluationResult, { charts, pictures }: ReportImages): string {
  const { model, dataset, limit, labelFree } = result.identity;
  const title = `Robustness of ${model.name} version ${model.version}`;
  const count = limit - result.skipped.length;
  const lead = html`${count} examples of ${dataset.name}, ${result.attacks.length} ${result.attacks.length === 1 ? 'attack' : 'attacks'},
<time>${result.startedAt.slice(0, 16).replace('T', ' ')}</time>${
    labelFree
      ? html`. <b>Label-free</b>: where a label is missing, the model's own clean prediction stands in for it`
      : undefined
  }`;
  return page({
    title,
    badge: badge(standingOf(result)),
    lead,
    main: [
      doubtSection(result),
      gateSection(result),
      attackTable(result.attacks),
      plotSections(charts),
      damageSection(result.attacks),
      pictureSection(pictures),
      skippedSection(result.skipped),
      configurationSection(result),
    ],
    data: html`<script type="application/json" id="result">${embeddedJson({ ...result, examples: [] })}</script>`,
  });
}
