import type { AttackFigures, EvaluationResult, Figure, GateVerdict, TaskFigures } from '../../engine/index.js';
import { numberText, valueText } from '../format.js';
import { type Html, html } from './html.js';

/** A figure with its interval. */
export const figureHtml = ({ value, lower, upper }: Figure): Html =>
  html`<b>${valueText(value)}</b>${
    lower === undefined || upper === undefined
      ? undefined
      : html` <small class="interval">${numberText(lower)} … ${numberText(upper)}</small>`
  }`;

/** A figure that nobody should take for a good one: struck, without an interval that would make it look exact. */
export const doubtedHtml = ({ value }: Figure): Html => html`<s class="doubted">${valueText(value)}</s>`;

/** The metric of a task with its unit. */
export const metricOf = ({ metric, unit }: Pick<TaskFigures, 'metric' | 'unit'>): string =>
  unit === '' ? metric : `${metric} (${unit})`;

/** How much of a task is lost: 0 where the attack did no harm, 1 where nothing is left, or the error doubled. */
export function lossOf({ clean, adversarial, higherIsBetter }: TaskFigures): number | undefined {
  if (clean.value === undefined || adversarial.value === undefined) return undefined;
  const change = higherIsBetter ? clean.value - adversarial.value : adversarial.value - clean.value;
  return clean.value === 0 ? Math.sign(Math.max(change, 0)) : Math.min(Math.max(change / clean.value, 0), 1);
}

/** What an evaluation comes to, the worst first. */
export type Standing = 'suspect' | 'regression' | 'inconclusive' | 'pass' | 'unchecked' | 'ok';

/** What became of all that was asked for: of each gate, and of the comparison with the baseline. */
export const verdictsOf = ({ gates, baseline }: EvaluationResult): readonly GateVerdict[] =>
  [...gates, ...(baseline === undefined ? [] : [baseline])].map(({ verdict }) => verdict);

/** The word for an evaluation: `ok` where no gate and no baseline was asked for, and every attack was checked for doubts. */
export function standingOf(result: EvaluationResult): Standing {
  const verdicts = verdictsOf(result);
  if (result.verdict === 'suspect') return 'suspect';
  if (verdicts.includes('regression')) return 'regression';
  if (verdicts.includes('inconclusive')) return 'inconclusive';
  if (verdicts.length > 0) return 'pass';
  return result.attacks.every(({ checked }) => checked) ? 'ok' : 'unchecked';
}

/** The word for one attack: where nobody checked, nobody should read that all is well. */
export const trustOf = ({ verdict, checked }: AttackFigures): 'suspect' | 'ok' | 'unchecked' =>
  verdict === 'suspect' ? 'suspect' : checked ? 'ok' : 'unchecked';

/** A verdict as a label. */
export const badge = (verdict: Standing): Html =>
  html`<span class="badge ${verdict}">${verdict === 'suspect' ? 'SUSPECT' : verdict}</span>`;
