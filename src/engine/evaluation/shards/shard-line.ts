import { z } from 'zod';
import type { FigureTask } from '../figures.js';
import type { Shard } from '../plan.js';
import type { Doubt, EvaluationIdentity } from '../result.js';
import type { EvaluationRow, RowTask, SkippedExample } from '../row.js';
import { encodePart, partSchema } from './part-schema.js';

/** The first line of a shard: all that a merge needs beside the rows. */
export interface ShardHeader {
  readonly schemaVersion: 1;
  readonly robustgate: string;
  readonly identity: EvaluationIdentity;
  readonly shard: Shard;
  readonly tasks: readonly FigureTask[];
  readonly startedAt: string;
}

/** The last line: without it the shard is not finished. */
export interface ShardFooter {
  /** Lines of rows and of skipped examples before it. */
  readonly rows: number;
  readonly skipped: number;
  /** What computed the rows; `undefined` where all examples were skipped. */
  readonly provenance: { readonly programVersion: string; readonly provider: string } | undefined;
  readonly durationSeconds: number;
}

/** A line of a shard: newline-delimited JSON. */
export type ShardLine =
  | { readonly type: 'header'; readonly header: ShardHeader }
  | { readonly type: 'row'; readonly row: EvaluationRow }
  | { readonly type: 'skipped'; readonly skipped: SkippedExample }
  | { readonly type: 'doubts'; readonly attack: number; readonly doubts: readonly Doubt[] }
  | { readonly type: 'done'; readonly done: ShardFooter };

const whole = z.int().min(0);

/** A doubt or a warning. */
export const reasonSchema = z.strictObject({
  reason: z.string().describe('Stable name.'),
  message: z.string().describe('For people.'),
});

/** A `SkippedExample`. */
export const skippedSchema = z.strictObject({
  index: whole.describe('Place in the dataset, from 0 on.'),
  key: z.string().describe('Its name there.'),
  reason: z.string().describe('What was expected and what was got.'),
});

/** An `EvaluationIdentity`. */
export const identitySchema = z.strictObject({
  model: z.strictObject({
    name: z.string().describe('Name in the repository.'),
    version: z.string().describe('Its version.'),
    sha256: z.string().describe('Of its bytes.'),
  }),
  dataset: z.strictObject({
    name: z.string().describe('As it was given.'),
    kind: z.string().describe('Its layout.'),
    digest: z.string().describe('SHA-256 of its keys and of what decides what labels mean.'),
    size: whole.describe('Number of examples.'),
  }),
  suite: z.array(z.string()).min(1).describe('Attacks in the text form.'),
  seed: whole.describe('Of all random draws.'),
  labelFree: z.boolean().describe('Whether clean predictions stand in for labels.'),
  limit: whole.describe('Examples from the start of the dataset that are evaluated.'),
});

const header = z.strictObject({
  schemaVersion: z.literal(1),
  robustgate: z.string(),
  identity: identitySchema,
  shard: z.strictObject({ index: whole, count: z.int().min(1) }),
  tasks: z.array(
    z.strictObject({
      name: z.string(),
      kind: z.string(),
      labelForm: z.enum(['class', 'class-map', 'multi-label', 'numbers']),
      metric: z.string(),
      unit: z.string(),
      classes: z.array(z.string()),
    }),
  ),
  startedAt: z.string(),
});

const rowTask = z.strictObject({
  task: z.string(),
  attacked: z.boolean(),
  labelSource: z.enum(['request', 'prediction', 'input']),
  clean: partSchema,
  adversarial: partSchema,
  adversarial8bit: partSchema.optional(),
  cleanLoss: z.number().optional(),
  adversarialLoss: z.number().optional(),
  broken: z.boolean().optional(),
  cleanBroken: z.boolean().optional(),
});

const row = z.strictObject({
  attack: whole,
  index: whole,
  key: z.string(),
  tasks: z.array(rowTask),
  linf: z.number(),
  l2: z.number(),
  steps: whole,
  restart: whole,
  terminatedBy: z.enum(['completed', 'early-stop', 'deadline', 'drain']),
  batchSize: whole,
  warnings: z.array(reasonSchema),
});

/** A line of a shard, as JSON has it. */
export const shardLineSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), header }),
  z.strictObject({ type: z.literal('row'), row }),
  z.strictObject({
    type: z.literal('skipped'),
    skipped: skippedSchema,
  }),
  z.strictObject({ type: z.literal('doubts'), attack: whole, doubts: z.array(reasonSchema) }),
  z.strictObject({
    type: z.literal('done'),
    done: z.strictObject({
      rows: whole,
      skipped: whole,
      provenance: z.strictObject({ programVersion: z.string(), provider: z.string() }).optional(),
      durationSeconds: z.number().min(0),
    }),
  }),
]);

/** A line with its line feed. Numbers come back to the last bit. */
export function encodeShardLine(line: ShardLine): string {
  if (line.type !== 'row') return `${JSON.stringify(line)}\n`;
  return `${JSON.stringify({ type: 'row', row: { ...line.row, tasks: line.row.tasks.map(encodeTask) } })}\n`;
}

function encodeTask({ clean, adversarial, adversarial8bit, ...rest }: RowTask): unknown {
  return {
    ...rest,
    clean: encodePart(clean),
    adversarial: encodePart(adversarial),
    ...(adversarial8bit && { adversarial8bit: encodePart(adversarial8bit) }),
  };
}
