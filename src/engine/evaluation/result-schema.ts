import { z } from 'zod';
import { parseJson } from './parse-json.js';
import type { EvaluationResult } from './result.js';
import { identitySchema, reasonSchema, skippedSchema } from './shards/shard-line.js';

const count = z.int().min(0);
const spec = z.string().describe('Attack and objective in the text form, e.g. `pgd(steps=50,eps=4)@sum(depth=1)`.');
const trust = z.enum(['ok', 'suspect']).describe('Whether the figures should be trusted.');
const gateVerdict = z.enum(['pass', 'regression', 'inconclusive']);

const figure = z.strictObject({
  value: z.number().optional().describe('Absent where nothing counts.'),
  lower: z.number().optional().describe('Lower bound of the 95 % interval over examples; absent below 2 examples.'),
  upper: z.number().optional().describe('Upper bound.'),
});

const taskFigures = z.strictObject({
  task: z.string().describe('Name in `model.yaml`.'),
  attacked: z.boolean().describe('Whether the objective has it.'),
  metric: z.string().describe('What the figures are.'),
  unit: z.string().describe('Of the metric; empty for ratios.'),
  higherIsBetter: z.boolean().describe('Direction of the metric.'),
  examples: count.describe('Examples with a label.'),
  clean: figure.describe('Without an attack.'),
  adversarial: figure.describe('Under it.'),
  adversarial8bit: figure.optional().describe('Under it, rounded to 8 bits toward the clean image.'),
  cleanLoss: z.number().optional().describe('Mean loss without an attack.'),
  adversarialLoss: z.number().optional().describe('Mean loss under it.'),
  broken: count.optional().describe('Examples that are broken; absent where nothing says when one is.'),
  cleanBroken: count.optional().describe('Examples that were before the attack.'),
  perClass: z
    .array(
      z.strictObject({
        name: z.string().describe('The class.'),
        clean: z.number().nullable().describe('IoU; null for a class that neither occurs nor is predicted.'),
        adversarial: z.number().nullable().describe('The same under the attack.'),
      }),
    )
    .optional()
    .describe('For mIoU: intersection over union of each class.'),
});

const attackFigures = z.strictObject({
  spec,
  attack: z.string().describe('Name of the attack.'),
  objective: z.string().describe('Combination and tasks, e.g. `sum(depth=1)`.'),
  epsilon: z.number().describe('Radius in levels of 255.'),
  examples: count.describe('Examples attacked.'),
  tasks: z.array(taskFigures).describe('Every task with a label.'),
  broken: count.optional().describe('Examples with a broken attacked task.'),
  verdict: trust,
  doubts: z.array(reasonSchema).describe('Why the figures are suspect.'),
  checked: z.boolean().optional().describe('Whether a sample was checked for doubts.'),
  worst: z.array(z.string()).describe('Keys of the examples that lost most, at most 8.'),
});

const baseline = z.strictObject({
  model: identitySchema.shape.model.describe('The model of the baseline.'),
  verdict: gateVerdict.describe('The worst of all.'),
  tasks: z.array(
    z.strictObject({
      spec: z.string().describe('An attack, or `clean`.'),
      task: z.string().describe('Name in `model.yaml`.'),
      metric: z.string().describe('What is compared.'),
      before: z.number().describe('Of the baseline, over the common examples.'),
      after: z.number().describe('Of this evaluation.'),
      test: z.string().describe('`mcnemar` or `paired-bootstrap`.'),
      pairs: count.describe('Common examples.'),
      pValue: z.number().describe('Two-sided.'),
      verdict: gateVerdict.describe('What follows.'),
      message: z.string().describe('For people.'),
    }),
  ),
});

const sumsByTask = z.record(z.string(), z.array(z.number()));

/** `result.json`; unknown keys are refused. */
export const evaluationResultSchema: z.ZodType<EvaluationResult, EvaluationResult> = z.strictObject({
  schemaVersion: z.literal(1).describe('Version of this form.'),
  robustgate: z.string().describe('Version of the program that wrote it.'),
  identity: identitySchema.describe('What decides the figures.'),
  provenance: z
    .strictObject({
      programVersion: z.string().describe('What made gradients of the model.'),
      provider: z.string().describe('What computed them.'),
      batchSize: count.describe('Examples that ran together.'),
    })
    .describe('What decides their last bits.'),
  attacks: z.array(attackFigures).describe('In the order of the suite.'),
  skipped: z.array(skippedSchema).describe('Examples that could not be evaluated.'),
  verdict: trust,
  gates: z
    .array(
      z.strictObject({
        gate: z.string().describe('As it was given.'),
        verdict: gateVerdict.describe('What the figures say of it.'),
        message: z.string().describe('For people.'),
      }),
    )
    .describe('Outcomes of `--fail-under`.'),
  baseline: baseline.optional().describe('The comparison with an earlier evaluation.'),
  startedAt: z.string().describe('ISO 8601.'),
  durationSeconds: z.number().min(0).describe('Of all shards together.'),
  examples: z
    .array(
      z.strictObject({
        key: z.string().describe('Of the dataset.'),
        clean: sumsByTask.describe('By task: count, sum, then for mIoU class, intersection and union of each class.'),
        adversarial: z.array(sumsByTask).describe('The same for each attack of the suite.'),
      }),
    )
    .describe('What later evaluations are compared with.'),
}) as unknown as z.ZodType<EvaluationResult, EvaluationResult>;

/**
 * Reads a `result.json`, e.g. a baseline.
 *
 * @param name of the file, for messages
 * @throws EngineError `INVALID_OPTION`. Thrown when it is none, with the first key that is wrong.
 */
export const parseEvaluationResult = (text: string, name: string): EvaluationResult =>
  parseJson(text, evaluationResultSchema, name, 'file');
