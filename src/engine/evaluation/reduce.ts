import { attackDefaults } from '../attacks/defaults.js';
import { findMetric } from '../metrics/measures/index.js';
import { parseSpec } from '../runs/parse-spec.js';
import { type FigureTask, taskFigures } from './figures.js';
import { doubtsOfRows } from './reliability/doubts-of-rows.js';
import type { AttackFigures, Doubt, EvaluationIdentity, ExampleSums, Sums } from './result.js';
import type { EvaluationRow, RowTask } from './row.js';
import { sumsOf } from './sums.js';

/** Most examples that are named as the worst of an attack. */
const MAX_WORST = 8;

export interface ReduceOptions {
  /** What the checks on a sample say of each attack of the suite, by its place; none means that it was not checked. */
  readonly doubts: ReadonlyMap<number, readonly Doubt[]>;
}

/**
 * The figures of every attack of the suite. They depend on what the rows say and not on their order, to the last bit.
 *
 * @param tasks in the order of `model.yaml`
 */
export function reduceEvaluation(
  identity: EvaluationIdentity,
  { tasks }: { readonly tasks: readonly FigureTask[] },
  rows: readonly EvaluationRow[],
  { doubts }: ReduceOptions,
): readonly AttackFigures[] {
  return identity.suite.map((spec, attack) => {
    const own = inOrder(rows.filter((row) => row.attack === attack));
    return attackFigures(spec, tasks, own, doubts.get(attack));
  });
}

const inOrder = (rows: readonly EvaluationRow[]): readonly EvaluationRow[] =>
  rows.toSorted((a, b) => a.attack - b.attack || a.index - b.index);

function attackFigures(
  spec: string,
  tasks: readonly FigureTask[],
  rows: readonly EvaluationRow[],
  checked: readonly Doubt[] | undefined,
): AttackFigures {
  const { attack, parameters } = parseSpec(spec);
  const [, objective = ''] = spec.split('@');
  const doubts = mergeDoubts([...(checked ?? []), ...doubtsOfRows(rows)]);
  const broken = brokenCount(rows);
  return {
    spec,
    attack,
    objective,
    epsilon: parameters.epsilon ?? attackDefaults.epsilon,
    examples: rows.length,
    tasks: tasks.flatMap((task) => {
      const own = rows.flatMap((row) => row.tasks.filter((one) => one.task === task.name));
      return own.length === 0 ? [] : [taskFigures(task, own)];
    }),
    ...(broken !== undefined && { broken }),
    verdict: doubts.length === 0 ? 'ok' : 'suspect',
    doubts,
    ...(checked !== undefined && { checked: true }),
    worst: worstOf(rows, tasks),
  };
}

/** One doubt for each reason, the first. */
function mergeDoubts(doubts: readonly Doubt[]): readonly Doubt[] {
  return doubts.filter(({ reason }, i) => doubts.findIndex((other) => other.reason === reason) === i);
}

function brokenCount(rows: readonly EvaluationRow[]): number | undefined {
  const judged = rows.map(({ tasks }) => tasks.filter(({ attacked, broken }) => attacked && broken !== undefined));
  if (judged.every((tasks) => tasks.length === 0)) return undefined;
  return judged.filter((tasks) => tasks.some(({ broken }) => broken)).length;
}

/** Keys of the examples whose first attacked task lost most of its metric, and where that is the same, gained most loss. */
export function worstOf(rows: readonly EvaluationRow[], tasks: readonly FigureTask[]): readonly string[] {
  const losses = rows.flatMap(({ key, index, tasks: own }) => {
    const first = own.find(({ attacked, clean }) => attacked && clean.count > 0);
    const task = tasks.find(({ name }) => name === first?.task);
    if (first === undefined || task === undefined) return [];
    const rise = (first.adversarialLoss ?? 0) - (first.cleanLoss ?? 0);
    return [{ key, index, drop: metricDrop(task, first), rise }];
  });
  return losses
    .filter(({ drop, rise }) => drop > 0 || (drop === 0 && rise > 0))
    .toSorted((a, b) => b.drop - a.drop || b.rise - a.rise || a.index - b.index)
    .slice(0, MAX_WORST)
    .map(({ key }) => key);
}

/** How much worse the metric of one example is after the attack. */
function metricDrop(task: FigureTask, { clean, adversarial }: RowTask): number {
  const metric = findMetric(task.metric);
  const change = (metric.value([adversarial]) ?? 0) - (metric.value([clean]) ?? 0);
  return metric.higherIsBetter ? -change : change;
}

/** What `result.json` keeps of each example, in order. */
export function exampleSums(identity: EvaluationIdentity, rows: readonly EvaluationRow[]): readonly ExampleSums[] {
  const byIndex = new Map<number, EvaluationRow[]>();
  for (const row of inOrder(rows)) byIndex.set(row.index, [...(byIndex.get(row.index) ?? []), row]);
  return [...byIndex]
    .toSorted(([a], [b]) => a - b)
    .map(([, own]) => ({
      key: own[0]?.key ?? '',
      clean: sumsByTask(own[0], ({ clean }) => clean),
      adversarial: identity.suite.map((_, attack) =>
        sumsByTask(
          own.find((row) => row.attack === attack),
          ({ adversarial }) => adversarial,
        ),
      ),
    }));
}

const sumsByTask = (
  row: EvaluationRow | undefined,
  part: (task: RowTask) => RowTask['clean'],
): Readonly<Record<string, Sums>> =>
  Object.fromEntries((row?.tasks ?? []).map((task) => [task.task, sumsOf(part(task))]));
