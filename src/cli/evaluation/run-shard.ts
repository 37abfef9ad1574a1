import { join } from 'node:path';
import type { Client, Model } from '../../clients/index.js';
import {
  type AttackTarget,
  type Dataset,
  type EvaluationEvent,
  type EvaluationPlan,
  type EvaluationProgress,
  evaluate,
  figureTasks,
  type PreparedEvaluation,
  type Provenance,
  type Shard,
  type ShardHeader,
  type ShardLine,
  type SkippedExample,
} from '../../engine/index.js';
import { numberText } from '../format.js';
import type { Progress, ProgressState } from '../progress.js';
import { openShardFile, type ShardFile, shardFileName } from './shard-file.js';
import { drawShardPictures } from './shard-pictures.js';
import { keepWorst, type PicturedRow, worstFolderName } from './worst-files.js';

/** A shard to evaluate. */
export interface ShardWork {
  readonly out: string;
  readonly shard: Shard;
  readonly plan: EvaluationPlan;
  readonly prepared: PreparedEvaluation;
  readonly client: Client;
  readonly model: Model;
  readonly target: AttackTarget;
  readonly dataset: Dataset;
  readonly robustgate: string;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/**
 * Evaluates a shard into its files, and goes on where an earlier run stopped.
 *
 * @returns the examples that could not be had
 */
export async function runShard(work: ShardWork): Promise<readonly SkippedExample[]> {
  const { out, shard, prepared, target, robustgate, progress } = work;
  const startedAt = new Date().toISOString();
  const tasks = figureTasks(target.model.tasks);
  const header: ShardHeader = { schemaVersion: 1, robustgate, identity: prepared.identity, shard, tasks, startedAt };
  const path = join(out, shardFileName(shard));
  const file = await openShardFile(path, header);
  try {
    if (file.isFinished) {
      progress.log(`${path} is finished: nothing is left to do`);
      return [];
    }
    if (file.rows.length > 0) progress.log(`${path} has ${file.rows.length} rows already: going on behind them`);
    const skipped = await writeRows(work, file, header);
    if (work.plan.pictures) await drawShardPictures({ ...work, suite: prepared.suite, rows: file.rows });
    return skipped;
  } finally {
    await file.close();
  }
}

async function writeRows(work: ShardWork, file: ShardFile, { tasks }: ShardHeader): Promise<readonly SkippedExample[]> {
  const { out, shard, plan, target, dataset, signal, progress } = work;
  const start = performance.now();
  const skipped: SkippedExample[] = [];
  const lines: ShardLine[] = [];
  const pictured: PicturedRow[] = [];
  const flush = async (): Promise<void> => {
    const added = lines.flatMap((line) => (line.type === 'row' ? [line.row] : []));
    // Pictures first: no row on disk lacks its own, wherever the process ends.
    await keepWorst(join(out, worstFolderName(shard)), tasks, [...file.rows, ...added], pictured);
    if (lines.length > 0) await file.append(lines);
    lines.length = 0;
    pictured.length = 0;
  };
  let provenance: Provenance | undefined;
  const options = { signal, done: file.hasRow, checked: file.hasDoubts, now: () => performance.now() };
  for await (const event of evaluate(target, dataset, plan, options)) {
    const line = lineOf(event);
    if (line !== undefined) lines.push(line);
    if (event.type === 'row' && event.adversarialPng !== undefined) {
      pictured.push({ row: event.row, png: event.adversarialPng });
    }
    if (event.type === 'skipped') {
      skipped.push(event.skipped);
      progress.log(`skipped ${event.skipped.key}: ${event.skipped.reason}`);
    }
    // Rows of one call come together: they go to disk together too.
    if (event.type !== 'row') await flush();
    if (event.type === 'progress') progress.update(stateOf(event.progress));
    if (event.type === 'done') provenance = event.provenance;
  }
  await file.finish(provenance && versionsOf(provenance), (performance.now() - start) / 1000);
  return skipped;
}

const versionsOf = ({ programVersion, provider }: Provenance) => ({ programVersion, provider });

/** What is written of an event; the last line is written by `finish`. */
function lineOf(event: EvaluationEvent): ShardLine | undefined {
  switch (event.type) {
    case 'row':
      return { type: 'row', row: event.row };
    case 'skipped':
    case 'doubts':
      return event;
    default:
      return undefined;
  }
}

/** Progress of an evaluation for the eye. */
function stateOf(progress: EvaluationProgress): ProgressState {
  const { attack, attacks, spec, examplesDone, examplesTotal, elapsedSeconds, etaSeconds, target } = progress;
  const running = target?.phase === 'attacking' ? target : undefined;
  return {
    phase: spec,
    fraction: etaSeconds === undefined ? 0 : elapsedSeconds / Math.max(elapsedSeconds + etaSeconds, 1e-9),
    facts: [
      `attack ${attack + 1}/${attacks}`,
      `examples ${examplesDone}/${examplesTotal}`,
      ...(running === undefined ? [] : [`step ${running.step}/${running.steps}`]),
      ...(running?.losses ?? []).map(({ task, value }) => `${task} ${numberText(value)}`),
    ],
    etaSeconds,
    data: { attack, attacks, examplesDone, examplesTotal, step: running?.step, steps: running?.steps },
  };
}
