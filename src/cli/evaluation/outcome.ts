import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  compareWithBaseline,
  type DecodedShard,
  type EvaluationResult,
  exampleSums,
  judgeGates,
  mergeShards,
  parseEvaluationResult,
  reduceEvaluation,
  resolveGates,
} from '../../engine/index.js';
import { type CliContext, EXIT, type ExitCode } from '../context.js';
import { writeWhole } from '../files.js';
import { verdictsOf } from '../report/figure.js';
import { evaluationText } from './evaluation-text.js';
import { readPictures } from './shard-pictures.js';

/** What is asked of an evaluation, and what is written of it. */
export interface OutcomeOptions {
  readonly out: string;
  readonly failUnder?: readonly string[];
  readonly baseline?: string;
  readonly junit?: string;
  /** Whether the report is written. */
  readonly html: boolean;
  readonly allowMissing: number;
  readonly json?: true;
}

/**
 * Makes the figures of all shards, and writes and tells them.
 *
 * @returns what the command exits with
 * @throws EngineError `INVALID_OPTION`. Thrown when shards do not belong together, or a gate or the baseline does not fit them.
 */
export async function concludeEvaluation(
  shards: readonly DecodedShard[],
  options: OutcomeOptions,
  context: CliContext,
): Promise<ExitCode> {
  const baseline = options.baseline === undefined ? undefined : await readResult(options.baseline);
  const result = evaluationResult(shards, options.failUnder ?? [], baseline);
  await writeFiles(result, shards, options, context);
  context.stdout.write(options.json ? `${JSON.stringify(result, undefined, 2)}\n` : `${evaluationText(result)}`);
  if (result.skipped.length > options.allowMissing) {
    tellMissing(result, options, context);
    return EXIT.infrastructure;
  }
  return verdictsOf(result).every((verdict) => verdict === 'pass') ? EXIT.pass : EXIT.threshold;
}

/** The figures of all shards, held against gates and a baseline. */
export function evaluationResult(
  shards: readonly DecodedShard[],
  gates: readonly string[],
  baseline: EvaluationResult | undefined,
): EvaluationResult {
  const merged = mergeShards(shards);
  const { identity, tasks, rows, skipped, provenance, startedAt, durationSeconds } = merged;
  const resolved = resolveGates(gates, identity.suite, tasks);
  const attacks = reduceEvaluation(identity, { tasks }, rows, merged);
  const figures = { identity, attacks, examples: exampleSums(identity, rows) };
  return {
    schemaVersion: 1,
    robustgate: shards[0]?.header.robustgate ?? '',
    ...figures,
    provenance,
    skipped,
    verdict: attacks.some(({ verdict }) => verdict === 'suspect') ? 'suspect' : 'ok',
    gates: judgeGates(attacks, resolved),
    ...(baseline && { baseline: compareWithBaseline(baseline, figures) }),
    startedAt,
    durationSeconds,
  };
}

function tellMissing({ skipped }: EvaluationResult, { allowMissing }: OutcomeOptions, { stderr }: CliContext): void {
  stderr.write(
    `robustgate: expected at most ${allowMissing} examples to be missing, got ${skipped.length}; --allow-missing says how many may be\n`,
  );
  for (const { key, reason } of skipped) stderr.write(`  ${key}: ${reason}\n`);
}

async function writeFiles(
  result: EvaluationResult,
  shards: readonly DecodedShard[],
  { out, junit, html }: OutcomeOptions,
  { stderr }: CliContext,
): Promise<void> {
  const { junitReport } = await import('../report/junit.js');
  await writeWhole(join(out, 'result.json'), `${JSON.stringify(result, undefined, 2)}\n`);
  await writeWhole(junit ?? join(out, 'junit.xml'), junitReport(result));
  if (!html) return;
  const [{ htmlReport }, { drawCharts }, { loadChartRenderer }] = await Promise.all([
    import('../report/html-report.js'),
    import('../report/charts.js'),
    import('../report/chart-renderer.js'),
  ]);
  const render = await loadChartRenderer();
  if (render === undefined)
    stderr.write('robustgate: no plots in the report, for vega and vega-lite are not installed\n');
  const folders = [...new Set(shards.map(({ name }) => dirname(name)))];
  const worst = result.attacks.map((attack) => attack.worst);
  const pictures = await readPictures(
    folders,
    shards.map(({ header }) => header.shard),
    result.identity,
    worst,
  );
  const charts = render && (await drawCharts(result, render));
  await writeWhole(join(out, 'report.html'), htmlReport(result, { charts, pictures }));
}

/**
 * Reads the result of an earlier evaluation.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when it is none.
 */
export const readResult = async (path: string): Promise<EvaluationResult> =>
  parseEvaluationResult(await readFile(path, 'utf8'), path);
