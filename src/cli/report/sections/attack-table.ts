import type { AttackFigures, TaskFigures } from '../../../engine/index.js';
import { numberText } from '../../format.js';
import { badge, doubtedHtml, figureHtml, metricOf, trustOf } from '../figure.js';
import { type Html, html, specHtml } from '../html.js';

const HEADER = ['task', 'metric', 'clean', 'under attack', 'change', 'broken', 'n'];

/** Every attack with the metric of every task, clean and under it. */
export const attackTable = (attacks: readonly AttackFigures[]): Html => html`
<section>
<h2>Figures</h2>
<table class="figures">
<thead><tr>${HEADER.map((name) => html`<th>${name}</th>`)}</tr></thead>
${attacks.map(attackRows)}
</table>
<p class="note">Intervals are 95 % confidence intervals over examples. <span class="target">◎</span> marks the attacked tasks.</p>
</section>`;

const attackRows = (attack: AttackFigures): Html => html`
<tbody>
<tr class="attack"><th colspan="${HEADER.length}"><span class="spec">${specHtml(attack.spec)}</span>
<span class="epsilon">ε ${attack.epsilon}/255</span> ${badge(trustOf(attack))}</th></tr>
${attack.tasks.map((task) => taskRow(task, attack.verdict === 'suspect'))}
</tbody>`;

function taskRow(task: TaskFigures, isSuspect: boolean): Html {
  const cells: readonly Html[] = [
    html`${task.attacked ? html`<span class="target" title="attacked">◎</span>\u00a0` : undefined}${task.task}`,
    html`${metricOf(task)}`,
    figureHtml(task.clean),
    isSuspect ? doubtedHtml(task.adversarial) : figureHtml(task.adversarial),
    isSuspect ? html`<span class="doubted">in doubt</span>` : changeHtml(task),
    isSuspect ? html`<span class="doubted">–</span>` : html`${brokenText(task)}`,
    html`${task.examples}`,
  ];
  return html`<tr>${cells.map((cell, i) => html`<td data-label="${HEADER[i]}">${cell}</td>`)}</tr>`;
}

function changeHtml({ clean, adversarial, higherIsBetter }: TaskFigures): Html {
  if (clean.value === undefined || adversarial.value === undefined) return html`–`;
  const change = adversarial.value - clean.value;
  const isWorse = higherIsBetter ? change < 0 : change > 0;
  return html`<span class="${isWorse ? 'worse' : 'even'}">${change < 0 ? '−' : '+'}${numberText(Math.abs(change))}</span>`;
}

const brokenText = ({ broken, cleanBroken }: TaskFigures): string =>
  broken === undefined ? '–' : `${broken} (${cleanBroken ?? '?'} before)`;
