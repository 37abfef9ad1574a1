import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluationResult, Figure } from '../../engine/index.js';
import { publishVersion } from '../../lab/index.js';
import { type EvaluateOptions, evaluateModel } from '../commands/evaluate.js';
import { type CliContext, EXIT } from '../context.js';
import { readResult } from '../evaluation/outcome.js';
import { writeWhole } from '../files.js';
import { formatTable, metricTitle, numberText, valueText } from '../format.js';
import type { Pair } from '../options.js';
import type { ProgressMode } from '../progress.js';

/** How two versions of a model are compared. */
export interface ComparisonOptions {
  readonly name: string;
  readonly datasetPath: string;
  readonly datasetOption: readonly Pair[];
  readonly attacks: readonly string[];
  readonly limit: number | undefined;
  readonly seed: number;
  readonly threads: number | undefined;
  readonly reliability: boolean;
  readonly html: boolean;
  readonly progress: ProgressMode;
}

/** A version of a model that is compared. */
export interface ComparedVersion {
  readonly configText: string;
  readonly file: Uint8Array;
  /** Files beside it. */
  readonly externalFiles: ReadonlyMap<string, Uint8Array>;
}

/** A metric of a task before and after, clean or under an attack. */
export interface HardeningFigure {
  readonly task: string;
  readonly metric: string;
  readonly unit: string;
  readonly higherIsBetter: boolean;
  /** `clean`, or the attack in its text form. */
  readonly condition: string;
  readonly attacked: boolean;
  readonly before: Figure;
  readonly after: Figure;
  /** Of the paired test of the two; absent where it has too few pairs. */
  readonly pValue: number | undefined;
}

/**
 * Evaluates the original and the hardened model on the same examples with the same attacks, into `before/` and `after/` of the
 * folder; evaluations that were cut off go on.
 *
 * @throws Error. Thrown when an evaluation does not come to its end.
 */
export async function compareVersions(
  folder: string,
  versions: { readonly before: ComparedVersion; readonly after: ComparedVersion },
  options: ComparisonOptions,
  context: CliContext,
): Promise<readonly HardeningFigure[]> {
  const models = join(folder, 'models');
  // What an earlier run may have left of other weights.
  await rm(models, { recursive: true, force: true });
  const evaluate = async (when: 'before' | 'after', version: number, baseline?: string): Promise<EvaluationResult> => {
    const { externalFiles, ...files } = versions[when];
    const path = join(models, options.name, `${version}`);
    // Where the model is there, so is what lies beside it.
    for (const [name, bytes] of externalFiles) await writeWhole(join(path, name), bytes);
    await publishVersion(join(models, options.name), { version, ...files });
    const out = join(folder, when);
    const silent = { ...context, stdout: { write: () => undefined } };
    const code = await evaluateModel(
      evaluationOptions(options, { models, version: `${version}`, out, baseline }),
      silent,
    );
    if (code === EXIT.infrastructure) throw new Error(`expected every example of ${out} to be evaluated, got fewer`);
    return await readResult(join(out, 'result.json'));
  };
  const before = await evaluate('before', 1);
  const after = await evaluate('after', 2, join(folder, 'before/result.json'));
  return hardeningFigures(before, after);
}

function evaluationOptions(
  { name, attacks, ...options }: ComparisonOptions,
  place: {
    readonly models: string;
    readonly version: string;
    readonly out: string;
    readonly baseline: string | undefined;
  },
): EvaluateOptions {
  const { limit, threads, baseline, ...rest } = { ...options, ...place };
  return {
    ...rest,
    ...(limit !== undefined && { limit }),
    ...(threads !== undefined && { threads }),
    ...(baseline !== undefined && { baseline }),
    model: name,
    attack: attacks,
    server: '',
    local: true,
    patience: 300,
    allowMissing: 0,
  };
}

/** Clean first, then each attack: what both results say of each task. */
function hardeningFigures(before: EvaluationResult, after: EvaluationResult): readonly HardeningFigure[] {
  const clean = (result: EvaluationResult) =>
    result.attacks.slice(0, 1).map((attack) => ({ ...attack, spec: 'clean' }));
  const pairs = [...clean(after), ...after.attacks].map((attack, i) => ({
    attack,
    earlier: [...clean(before), ...before.attacks][i],
  }));
  return pairs.flatMap(({ attack, earlier }, i) =>
    attack.tasks.flatMap((task): HardeningFigure[] => {
      const was = earlier?.tasks.find((candidate) => candidate.task === task.task);
      if (was === undefined) return [];
      const { metric, unit, higherIsBetter } = task;
      const condition = i === 0 ? 'clean' : 'adversarial';
      const test = after.baseline?.tasks.find((one) => one.task === task.task && one.spec === attack.spec);
      return [
        {
          task: task.task,
          metric,
          unit,
          higherIsBetter,
          condition: attack.spec,
          attacked: i > 0 && task.attacked,
          before: was[condition],
          after: task[condition],
          pValue: test?.pValue,
        },
      ];
    }),
  );
}

/** The figures for a terminal. */
export function hardeningText(figures: readonly HardeningFigure[]): string {
  const rows = figures.map((figure, i) => [
    figure.condition === figures[i - 1]?.condition ? '' : figure.condition,
    `${figure.task}${figure.attacked ? ' *' : ''}`,
    metricTitle(figure),
    figureText(figure.before),
    figureText(figure.after),
    figure.pValue === undefined ? '' : numberText(figure.pValue),
  ]);
  const header = ['condition', 'task', 'metric', 'before', 'after', 'p'];
  return `${formatTable(header, rows, [0, 1, 2])}\n* attacked; in brackets, 95 % confidence intervals over examples; p of the paired test\n`;
}

const figureText = ({ value, lower, upper }: Figure): string =>
  lower === undefined || upper === undefined
    ? valueText(value)
    : `${valueText(value)} [${numberText(lower)}, ${numberText(upper)}]`;
