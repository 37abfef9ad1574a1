import type {
  GradientNormEvent,
  GradientNormResult,
  GradientNormStarted,
  GradientNormSummary,
  GradientNorms,
  OutputSweepPoint,
} from '../clients/index.js';
import type { CliContext } from './context.js';
import { formatTable, numberText } from './format.js';
import { jsonDocument } from './json.js';
import { createProgress } from './progress.js';
import { gradientNormState } from './run-progress.js';

/** Shows a measurement of gradients as it goes, and its tables or one JSON document at the end. */
export async function showGradientNorm(
  events: AsyncIterable<GradientNormEvent>,
  options: { readonly json?: true },
  context: CliContext,
): Promise<void> {
  const progress = createProgress(context);
  const results: GradientNormResult[] = [];
  const points: OutputSweepPoint[] = [];
  let started: GradientNormStarted | undefined;
  let summary: GradientNormSummary | undefined;
  try {
    for await (const event of events) {
      if (event.$case === 'started') started = event.value;
      else if (event.$case === 'progress') progress.update(gradientNormState(event.value));
      else if (event.$case === 'result') results.push(event.value);
      else if (event.$case === 'sweepPoint') points.push(event.value);
      else summary = event.value;
    }
  } finally {
    progress.end();
  }
  if (started === undefined || summary === undefined) throw new Error('expected a summary at the end, got none');
  const document = { started, results, sweep: points, summary };
  context.stdout.write(options.json ? jsonDocument(document) : reportText(started, summary, points));
}

const normCells = (norms: GradientNorms | undefined): string[] =>
  [norms?.l1, norms?.l2, norms?.linf].map((value) => numberText(value ?? 0));

/** The tables of a finished measurement. */
export function reportText(
  started: GradientNormStarted,
  summary: GradientNormSummary,
  points: readonly OutputSweepPoint[],
): string {
  const rows = [
    ...summary.tasks.map(({ task, loss, norms }) => [task, numberText(loss), ...normCells(norms)]),
    ['mean of the losses', '', ...normCells(summary.jointMean)],
    ['sum of the losses', '', ...normCells(summary.jointSum)],
  ];
  const factors = [
    `Theorem 1 factor ${summary.theorem1Factor === undefined ? `absent: ${summary.theorem1AbsentReason}` : numberText(summary.theorem1Factor)}`,
    `Gram factor      ${summary.gramFactor === undefined ? 'absent: all gradients are 0' : numberText(summary.gramFactor)}`,
  ];
  const sweep = points.map((point) => [
    `${point.outputCount}`,
    numberText(point.meanL2),
    numberText(point.standardDeviationL2),
    `${point.sampleCount}`,
  ]);
  return [
    `${started.modelName} version ${started.modelVersion}: gradients in ${started.unit}\n`,
    formatTable(['gradient of', 'loss', 'L1', 'L2', 'L∞'], rows),
    formatTable(['cosine', ...started.tasks], cosineRows(started.tasks, summary.meanGram)),
    `${factors.join('\n')}\n`,
    ...(sweep.length === 0 ? [] : [formatTable(['positions', 'mean L2', 'deviation', 'samples'], sweep)]),
  ].join('\n');
}

/** cos = G_ij / √(G_ii G_jj) of the mean Gram matrix. */
function cosineRows(tasks: readonly string[], gram: readonly number[]): string[][] {
  const at = (i: number, j: number): number => gram[i * tasks.length + j] ?? Number.NaN;
  return tasks.map((task, i) => {
    const cells = tasks.map((_, j) => at(i, j) / Math.sqrt(at(i, i) * at(j, j)));
    return [task, ...cells.map((cosine) => (Number.isNaN(cosine) ? '–' : cosine.toFixed(3)))];
  });
}
