import { z } from 'zod';
import { cronProblem, timeZoneProblem } from './schedule.js';

/** A refinement from a function that says what is wrong with a text. */
const unless =
  (problemOf: (text: string) => string | undefined) =>
  (text: string, context: z.RefinementCtx): void => {
    const message = problemOf(text);
    if (message !== undefined) context.addIssue(message);
  };

/** Probes have names that are safe in metrics and logs, as models do. */
const probeName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'expected a name of at most 100 letters, digits, `.`, `_` and `-`');

/** Each attack of each probe has metrics of its own. */
const MAX_ATTACKS = 16;

export const probeConfigSchema = z
  .strictObject({
    name: probeName.describe('Name by which metrics, history and commands know it.'),
    schedule: z
      .string()
      .superRefine(unless(cronProblem))
      .describe('When it runs: cron of 5 fields, or of 6 with seconds first, e.g. `0 3 * * *`.'),
    timeZone: z
      .string()
      .superRefine(unless(timeZoneProblem))
      .default('UTC')
      .describe('IANA name of the time zone of schedule.'),
    jitterSeconds: z
      .number()
      .min(0)
      .default(0)
      .describe(
        'Most that it is late on purpose, so that many gateways do not begin at once; always the same for one name.',
      ),
    model: z.string().min(1).optional().describe('Model that is probed: the version of it that serves.'),
    modelLabels: z
      .record(z.string(), z.string())
      .optional()
      .describe('Instead of model: every model whose `labels` in `model.yaml` have all of these.'),
    dataset: z.string().min(1).describe('Name of one of the datasets.'),
    examples: z.int().min(1).default(64).describe('Number of examples, from the beginning of the dataset.'),
    attacks: z
      .array(z.string())
      .min(1)
      .max(MAX_ATTACKS)
      .default(['pgd(steps=50,eps=4)'])
      .describe('Attacks in the text form, with their objective or without. Default: `pgd(steps=50,eps=4)`.'),
    objective: z
      .string()
      .optional()
      .describe(
        'Objective of attacks that say none, e.g. `sum(segmentation=1,depth=1)`. Default: every labelled task.',
      ),
    seed: z
      .int()
      .min(0)
      .max(2 ** 32 - 1)
      .default(0)
      .describe('Seed of all random draws: runs of one seed differ by the model only.'),
    timeoutSeconds: z.number().positive().default(3600).describe('A run that takes longer has failed.'),
    catchUp: z
      .enum(['skip', 'once'])
      .default('once')
      .describe('What becomes of times that passed while the gateway was down: nothing, or one run for all of them.'),
    onNewVersion: z
      .enum(['before-traffic', 'after-traffic', 'never'])
      .default('after-traffic')
      .describe('Whether a new version is probed at once, and whether an older one serves until that was good.'),
    reliability: z
      .boolean()
      .default(true)
      .describe('Whether a sample is attacked harder, to find out whether the figures can be trusted.'),
    gradientExamples: z
      .int()
      .min(0)
      .default(4)
      .describe('Number of examples that gradient norms are measured at; 0 leaves that out.'),
    regression: z
      .strictObject({
        tolerance: z
          .number()
          .min(0)
          .default(0)
          .describe('Loss against the last good run that is let pass: of a ratio itself, of an error relative to it.'),
      })
      .prefault({})
      .describe('When a run is a regression against the last good one.'),
    gates: z
      .array(z.string())
      .default([])
      .describe(
        'Thresholds that figures must keep, e.g. `segmentation.miou >= 0.30 @ pgd(steps=50,eps=4)@sum(segmentation=1)`.',
      ),
  })
  .describe('An attack that is repeated on a schedule.');

/** What is said of a probe, every default filled in. */
export type ProbeConfig = z.output<typeof probeConfigSchema>;
