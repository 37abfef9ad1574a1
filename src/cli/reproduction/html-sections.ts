import type { Claim, OutcomeCell, OutcomeChart, OutcomeTable, ReproducedExperiment } from '../../lab/index.js';
import { markOf } from '../report/chart-frame.js';
import { type Html, html } from '../report/html.js';
import { basisText, bestColumn, commonBasis, intervalText, numbersOf, shortText } from './figure-text.js';

const BADGES: Readonly<Record<Claim['verdict'], string>> = {
  reproduced: 'pass',
  'not reproduced': 'regression',
  inconclusive: 'inconclusive',
};

/** A verdict as a label. */
export const verdictBadge = (verdict: Claim['verdict']): Html =>
  html`<span class="badge ${BADGES[verdict]}">${verdict}</span>`;

/** Claims with what became of them. */
const claimList = (claims: readonly Claim[]): Html =>
  html`<ul class="gates">${claims.map(
    ({ text, source, verdict, reason }) =>
      html`<li>${verdictBadge(verdict)}<span>${text}${
        source === 'paper' ? undefined : html` <small>(${source})</small>`
      }${reason === '' ? undefined : html`<br><small>${reason}</small>`}</span></li>`,
  )}</ul>`;

/** One table or figure of the paper. */
export function experimentSection(
  { name, title, setting, tables, charts, claims, measured, planned, doubts }: ReproducedExperiment,
  drawn: ReadonlyMap<OutcomeChart, string> | undefined,
): Html {
  return html`<section id="${name}">
<h2>${title}</h2>
${measured < planned ? html`<p class="doubted">${measured} of ${planned} cells are measured so far.</p>` : undefined}
<ul class="note">${setting.map((sentence) => html`<li>${sentence}</li>`)}</ul>
${claimList(claims)}
${tables.map(tableHtml)}
${
  charts.length === 0
    ? undefined
    : html`<div class="charts">${charts.map((chart) => chartHtml(chart, drawn?.get(chart)))}</div>`
}
${
  doubts.length === 0
    ? undefined
    : html`<details><summary>${doubts.length} doubts about attacks</summary><ul>${doubts.map(
        (doubt) => html`<li><small>${doubt}</small></li>`,
      )}</ul></details>`
}
</section>`;
}

function tableHtml(table: OutcomeTable): Html {
  const { title, unit, higherIsBetter, columns, rows } = table;
  const basis = commonBasis(numbersOf(table));
  return html`<h3>${title}: ${unit} ${higherIsBetter ? '↑' : '↓'}</h3>
<div class="scroll"><table class="reproduction">
<thead><tr><th></th>${columns.map((column) => html`<th>${column}</th>`)}</tr></thead>
<tbody>${rows.map(({ label, cells }) => {
    const ours = bestColumn(cells, (cell) => cell.ours?.value, higherIsBetter);
    const paper = bestColumn(cells, (cell) => cell.paper, higherIsBetter);
    return html`<tr><th>${label}</th>${cells.map((cell, i) =>
      cellHtml(cell, { isBest: i === ours, isPapersBest: i === paper, isBasisTold: basis !== undefined }),
    )}</tr>`;
  })}</tbody>
</table></div>
<p class="note">${basis === undefined ? '' : `${basis}. `}Beside each of our numbers, in grey, the paper's. Bold: the best of a row.</p>`;
}

function cellHtml(
  { ours, paper }: OutcomeCell,
  { isBest, isPapersBest, isBasisTold }: { isBest: boolean; isPapersBest: boolean; isBasisTold: boolean },
): Html {
  const number = ours === undefined ? '–' : shortText(ours.value);
  const printed = paper === undefined ? undefined : String(paper);
  return html`<td>${isBest ? html`<b>${number}</b>` : number}${
    printed === undefined
      ? undefined
      : html` <span class="paper">${isPapersBest ? html`<b>${printed}</b>` : printed}</span>`
  }${
    ours === undefined
      ? undefined
      : html`<br><small class="interval">${intervalText(ours)}</small>${
          isBasisTold ? undefined : html`<br><small class="interval">${basisText(ours)}</small>`
        }`
  }</td>`;
}

function chartHtml({ title, series }: OutcomeChart, svg: string | undefined): Html {
  const basis = commonBasis(series.flatMap(({ points }) => points.map(({ measured }) => measured)));
  if (svg === undefined) return html`<figure class="chart"><figcaption>${title}: nothing to draw</figcaption></figure>`;
  return html`<figure class="chart"><figcaption>${title}${
    series.length < 2
      ? undefined
      : html`<br>${series.map(
          ({ name }, i) =>
            html`<span class="series"><span style="color:${markOf(i).color}">${markOf(i).glyph}</span> ${name}</span> `,
        )}`
  }</figcaption>${{ html: svg }}${basis === undefined ? undefined : html`<small class="interval">${basis}</small>`}</figure>`;
}
