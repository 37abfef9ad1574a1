import { EngineError } from '../../errors.js';
import { identityDifferences } from '../identity.js';
import type { BaselineComparison, EvaluationResult, ExampleSums, GateVerdict, Sums, TaskFigures } from '../result.js';
import { type PairedChange, pairedChange } from './paired-change.js';

/** What is compared of an evaluation. */
export type ComparedResult = Pick<EvaluationResult, 'identity' | 'attacks' | 'examples'>;

/**
 * A worsening that does not matter: of a ratio in its own units (0.05 is 5 points), of an error as a share of what it was.
 */
const TOLERANCE = 0.05;
/** Level of the tests. */
const SIGNIFICANCE = 0.05;

type TaskComparison = BaselineComparison['tasks'][number];

/**
 * Compares each task, without an attack and under each, with an earlier evaluation of the same examples, pair by pair:
 *
 *   worse, and p < 0.05                                                   regression
 *   else, and the interval of the change excludes a loss of 5 points
 *   (of an error: a rise by 5 % of what it was)                           pass
 *   else                                                                  inconclusive: evaluate more examples
 *
 * A suspect figure never passes.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when the two did not evaluate the same examples with the same attacks; the
 *   message says what differs.
 */
export function compareWithBaseline(before: ComparedResult, after: ComparedResult): BaselineComparison {
  requireComparable(before, after);
  const pairs = pairsOf(before.examples, after.examples);
  const tasks = conditionsOf(after).flatMap(({ spec, figures, isSuspect, sums }) =>
    figures.flatMap((figure): TaskComparison[] => {
      const both = pairs.flatMap(([one, other]) => {
        const [was, is] = [sums(one)[figure.task], sums(other)[figure.task]];
        return was === undefined || is === undefined || was[0] === 0 || is[0] === 0 ? [] : [{ was, is }];
      });
      const change = pairedChange(figure, both);
      return change === undefined ? [] : [{ spec, ...comparison(figure, both.length, change, isSuspect) }];
    }),
  );
  const verdicts = tasks.map(({ verdict }) => verdict);
  return { model: before.identity.model, verdict: worstVerdict(verdicts), tasks };
}

function worstVerdict(verdicts: readonly GateVerdict[]): GateVerdict {
  if (verdicts.includes('regression')) return 'regression';
  // Without a single pair nothing was shown.
  return verdicts.length === 0 || verdicts.includes('inconclusive') ? 'inconclusive' : 'pass';
}

function requireComparable(before: ComparedResult, after: ComparedResult): void {
  const mayDiffer = ['model.version', 'model.sha256', 'model.name'];
  const [difference] = identityDifferences(before.identity, after.identity).filter(
    ({ field }) => !mayDiffer.includes(field),
  );
  if (difference === undefined) return;
  const { field, expected, got } = difference;
  throw new EngineError('INVALID_OPTION', `expected ${field} ${expected}, as in the baseline, got ${got}`);
}

function pairsOf(
  before: readonly ExampleSums[],
  after: readonly ExampleSums[],
): readonly (readonly [ExampleSums, ExampleSums])[] {
  const byKey = new Map(before.map((example) => [example.key, example]));
  return after.flatMap((example) => {
    const other = byKey.get(example.key);
    return other === undefined ? [] : [[other, example] as const];
  });
}

interface Condition {
  readonly spec: string;
  readonly figures: readonly TaskFigures[];
  readonly isSuspect: boolean;
  sums(example: ExampleSums): Readonly<Record<string, Sums>>;
}

/** No attack, then each. */
function conditionsOf({ attacks }: ComparedResult): readonly Condition[] {
  const attacked = attacks.map(
    ({ spec, tasks, verdict }, i): Condition => ({
      spec,
      figures: tasks,
      isSuspect: verdict === 'suspect',
      sums: ({ adversarial }) => adversarial[i] ?? {},
    }),
  );
  const clean: Condition = {
    spec: 'clean',
    figures: attacks[0]?.tasks ?? [],
    isSuspect: false,
    sums: (example) => example.clean,
  };
  return [clean, ...attacked];
}

function comparison(
  { task, metric, higherIsBetter, unit }: TaskFigures,
  pairs: number,
  { before, after, test, pValue, lower, upper }: PairedChange,
  isSuspect: boolean,
): Omit<TaskComparison, 'spec'> {
  const isRatio = unit === '' && higherIsBetter;
  const tolerance = isRatio ? TOLERANCE : TOLERANCE * Math.abs(before);
  const worsening = higherIsBetter ? before - after : after - before;
  const mostWorsening = higherIsBetter ? -lower : upper;
  const isWorse = worsening > 0 && pValue < SIGNIFICANCE;
  const verdict = isWorse ? 'regression' : !isSuspect && mostWorsening <= tolerance ? 'pass' : 'inconclusive';
  const said = `${metric} of ${task} went from ${short(before)} to ${short(after)}, 95 % ${short(lower)} … ${short(upper)}`;
  const why: Readonly<Record<GateVerdict, string>> = {
    pass: '',
    regression: ': it is worse',
    inconclusive: isSuspect
      ? ': the figure is suspect'
      : `: a loss of more than ${short(tolerance)} is not excluded by ${pairs} examples`,
  };
  return { task, metric, before, after, test, pairs, pValue, verdict, message: `${said}${why[verdict]}` };
}

const short = (value: number): string => String(Number(value.toPrecision(4)));
