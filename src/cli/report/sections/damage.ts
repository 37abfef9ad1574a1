import type { AttackFigures, TaskFigures } from '../../../engine/index.js';
import { valueText } from '../../format.js';
import { doubtedHtml, lossOf, metricOf } from '../figure.js';
import { type Html, html, specHtml } from '../html.js';

/** What an attack on some tasks does to all of them: a row per attack, a column per task, darker where more is lost. */
export function damageSection(attacks: readonly AttackFigures[]): Html | undefined {
  const [first] = attacks;
  if (first === undefined || first.tasks.length < 2) return undefined;
  return html`
<section>
<h2>Damage</h2>
<div class="scroll">
<table class="damage">
<thead><tr><th>attack</th>${first.tasks.map((task) => html`<th>${task.task}<br><small>${metricOf(task)}</small></th>`)}</tr>
<tr><th>none</th>${first.tasks.map(({ clean }) => html`<td>${valueText(clean.value)}</td>`)}</tr></thead>
<tbody>${attacks.map(
    (attack) => html`
<tr><th>${specHtml(attack.spec)}</th>${attack.tasks.map((task) => cell(task, attack.verdict === 'suspect'))}</tr>`,
  )}</tbody>
</table>
</div>
<p class="note">A full cell means that nothing of a score is left, or that an error has at least doubled. A frame marks the attacked tasks.</p>
</section>`;
}

function cell(task: TaskFigures, isSuspect: boolean): Html {
  const attacked = task.attacked ? 'attacked' : 'bystander';
  if (isSuspect) return html`<td class="${attacked}">${doubtedHtml(task.adversarial)}</td>`;
  const percent = Math.round(100 * (lossOf(task) ?? 0));
  return html`<td class="heat ${attacked}" style="--heat:${percent}%">${valueText(task.adversarial.value)}</td>`;
}
