import type { BaselineComparison, EvaluationResult, GateOutcome } from '../../../engine/index.js';
import { valueText } from '../../format.js';
import { badge } from '../figure.js';
import { type Html, html, specHtml } from '../html.js';

/** Why figures should not be trusted: nothing where there is no doubt. */
export function doubtSection({ attacks }: EvaluationResult): Html | undefined {
  const doubted = attacks.filter(({ doubts, verdict }) => verdict === 'suspect' || doubts.length > 0);
  if (doubted.length === 0) return undefined;
  return html`
<section class="doubts">
<h2>Do not trust these figures</h2>
<p>An attack that fails for a reason below says nothing about the model: it may well be weaker than its figures.</p>
${doubted.map(
  ({ spec, doubts }) => html`
<h3>${specHtml(spec)}</h3>
<ul>${doubts.map(({ reason, message }) => html`<li><b>${reason}</b> ${message}</li>`)}</ul>`,
)}
</section>`;
}

/** What was asked of the figures, and whether they hold: nothing where nothing was asked. */
export function gateSection({ gates, baseline }: EvaluationResult): Html | undefined {
  if (gates.length === 0 && baseline === undefined) return undefined;
  return html`
<section>
<h2>Gates</h2>
${gates.length === 0 ? undefined : html`<ul class="gates">${gates.map(gateItem)}</ul>`}
${baseline === undefined ? undefined : baselineTable(baseline)}
</section>`;
}

const gateItem = ({ gate, verdict, message }: GateOutcome): Html =>
  html`<li>${badge(verdict)} <span>${specHtml(gate)}<br><small>${message}</small></span></li>`;

const COLUMNS = ['attack', 'task', 'before', 'now', 'test', 'p', 'verdict'];

const baselineTable = ({ model, verdict, tasks }: BaselineComparison): Html => html`
<h3>Against ${model.name} version ${model.version} <code>${model.sha256.slice(0, 12)}</code> ${badge(verdict)}</h3>
<table class="figures baseline">
<thead><tr>${COLUMNS.map((name) => html`<th>${name}</th>`)}</tr></thead>
<tbody>${tasks.map(({ spec, task, metric, before, after, test, pairs, pValue, verdict, message }) => {
  const cells: readonly Html[] = [
    specHtml(spec),
    html`${task} ${metric}`,
    html`${valueText(before)}`,
    html`<b>${valueText(after)}</b>`,
    html`${test}, ${pairs} pairs`,
    html`${valueText(pValue)}`,
    html`${badge(verdict)}<br><small>${message}</small>`,
  ];
  return html`<tr>${cells.map((cell, i) => html`<td data-label="${COLUMNS[i]}">${cell}</td>`)}</tr>`;
})}</tbody>
</table>`;
