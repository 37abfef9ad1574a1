import type { EvaluationResult, Figure } from '../../engine/index.js';
import { formatTable, metricTitle, numberText, secondsOf, valueText } from '../format.js';

/** The figures of an evaluation for a terminal. A figure in doubt is not told: its reason is. */
export function evaluationText(result: EvaluationResult): string {
  const { identity, attacks, skipped, gates, baseline } = result;
  const rows = attacks.flatMap(({ spec, verdict, tasks }) =>
    tasks.map((task, i) => [
      i === 0 ? spec : '',
      `${task.task}${task.attacked ? ' *' : ''}`,
      metricTitle(task),
      figureText(task.clean),
      verdict === 'suspect' ? 'SUSPECT' : figureText(task.adversarial),
      `${task.examples}`,
    ]),
  );
  const doubts = attacks.flatMap(({ spec, doubts }) =>
    doubts.map(({ reason, message }) => `SUSPECT ${spec}: ${reason}: ${message}`),
  );
  const verdicts = [
    ...gates.map(({ gate, verdict, message }) => `${verdict}: ${gate}: ${message}`),
    ...(baseline?.tasks ?? []).map(({ spec, verdict, message }) => `${verdict}: ${spec}: ${message}`),
  ];
  const { model, dataset, limit, seed } = identity;
  return [
    `${model.name} version ${model.version} on ${limit} examples of ${dataset.name}, seed ${seed}, in ${secondsOf(result.durationSeconds)}\n`,
    formatTable(['attack', 'task', 'metric', 'clean', 'under attack', 'n'], rows, [0, 1, 2]),
    '* attacked; in brackets, 95 % confidence intervals over examples\n',
    ...(attacks.every(({ checked }) => checked)
      ? []
      : ['not checked: whether the attacks can be trusted (--no-reliability)\n']),
    ...(doubts.length === 0 ? [] : [`${doubts.join('\n')}\n`]),
    ...(skipped.length === 0 ? [] : [`${skipped.length} examples skipped\n`]),
    ...(verdicts.length === 0 ? [] : [`${verdicts.join('\n')}\n`]),
  ].join('\n');
}

const figureText = ({ value, lower, upper }: Figure): string => {
  const interval = lower === undefined || upper === undefined ? '' : ` [${numberText(lower)}, ${numberText(upper)}]`;
  return `${valueText(value)}${interval}`;
};
