import { type FileHandle, mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeDurably } from './durable-file.js';

/** One line of `metrics.jsonl`: a step of the training. */
export interface StepRecord {
  readonly type: 'step';
  /** Steps done, this one included. */
  readonly step: number;
  /** Epochs done, with the part of the current one. */
  readonly epoch: number;
  readonly learningRate: number;
  /** Weighted sum of the losses. */
  readonly loss: number;
  /** By task: mean over the examples of the batch that have a label. */
  readonly losses: Readonly<Record<string, number>>;
  /** Length of the gradient of all parameters together, before it was clipped. */
  readonly gradientNorm: number;
  /** Time of the step. */
  readonly seconds: number;
}

/** One line of `metrics.jsonl`: a look at the examples of the validation. */
export interface ValidationRecord {
  readonly type: 'validation';
  /** Steps done. */
  readonly step: number;
  readonly epoch: number;
  readonly examples: number;
  /** Means over the examples, by task. */
  readonly losses: Readonly<Record<string, number>>;
  /**
   * Means over the examples, by task: of a segmentation the share of wrong pixels, of numbers the metric of the task, of
   * classes the margin by which a wrong one leads.
   */
  readonly scores: Readonly<Record<string, number>>;
}

export type MetricsRecord = StepRecord | ValidationRecord;

/** The records of a training, line after line. */
export interface MetricsLog {
  /** Those of earlier runs. */
  readonly kept: readonly MetricsRecord[];
  append(record: MetricsRecord): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens a log behind the records of the first `steps` steps: what an earlier run wrote of later ones, or of half a line, is
 * cut off, for those steps are done again.
 */
export async function openMetricsLog(path: string, steps: number): Promise<MetricsLog> {
  await mkdir(dirname(path), { recursive: true });
  const kept = (await readMetrics(path)).filter(({ step }) => step <= steps);
  await writeDurably(
    path,
    kept.map((record) => `${JSON.stringify(record)}\n`),
  );
  const file: FileHandle = await open(path, 'a');
  return {
    kept,
    append: async (record) => void (await file.write(`${JSON.stringify(record)}\n`)),
    close: () => file.close(),
  };
}

/** The records of a log, whole lines only; none where there is no file. */
export async function readMetrics(path: string): Promise<readonly MetricsRecord[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  const lines = text.split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as MetricsRecord];
    } catch {
      // A machine that stopped may leave a line of zeros.
      return [];
    }
  });
}
