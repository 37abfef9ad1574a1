import { isAbsolute, join } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { datasetConfigSchema, EngineError, parseStrict, Violations } from '../../engine/index.js';

const rate = z.number().positive();
const share = z.number().min(0).max(1);
const count = z.int().min(1);
const seed = z
  .int()
  .min(0)
  .max(2 ** 32 - 1);
const taskNames = z.array(z.string().min(1));
const weightDecay = z
  .number()
  .min(0)
  .default(0)
  .describe('ω, added to the gradient as ω times the parameter, of all parameters.');
const unit = z.enum(['step', 'epoch']).default('epoch').describe('What is counted.');
const gamma = z.number().positive().default(0.1).describe('Factor γ of each fall.');

const newModel = z
  .strictObject({
    architecture: z.string().min(1).describe('Network of the lab, e.g. `street` or `drn-d-22-small`.'),
    tasks: taskNames.min(1).describe('Its outputs, in the order of `model.yaml`.'),
    decoders: z
      .enum(['shared', 'separate'])
      .default('separate')
      .describe('Whether tasks read the same last layers, where the network has the choice.'),
    seed: seed.default(0).describe('Seed of the first weights.'),
  })
  .describe('A network of the lab.');

const knownModel = z
  .strictObject({
    folder: z.string().min(1).describe('Folder with `model.yaml`, and versions below it.'),
    version: z.string().regex(/^\d+$/).optional().describe('Its version. Default: the newest.'),
    frozen: z.array(z.string()).default([]).describe('Names of weights that are not trained; `*` stands for any text.'),
  })
  .describe('A model of a repository, whose weights are where training begins.');

const optimizer = z
  .discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('sgd').describe('Stochastic gradient descent, as PyTorch has it.'),
      learningRate: rate.default(0.01).describe('η at the start.'),
      momentum: z.number().min(0).lt(1).default(0.9).describe('μ.'),
      weightDecay,
    }),
    z.strictObject({
      kind: z.literal('adam').describe('Adam, as PyTorch has it.'),
      learningRate: rate.default(0.001).describe('η at the start.'),
      betas: z
        .tuple([z.number().min(0).lt(1), z.number().min(0).lt(1)])
        .default([0.9, 0.999])
        .describe('Decay of the two moments.'),
      epsilon: rate.default(1e-8).describe('Added to the root of the second moment.'),
      weightDecay,
    }),
  ])
  .describe('How parameters follow their gradients.');

const schedule = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('constant').describe('The same rate at every step.') }),
    z.strictObject({
      kind: z.literal('step').describe('η₀ · γ^⌊t/every⌋.'),
      every: count.describe('Epochs, or steps, between two falls.'),
      gamma,
      unit,
    }),
    z.strictObject({
      kind: z.literal('multi-step').describe('η₀ · γ^(milestones passed).'),
      milestones: z.array(count).min(1).describe('Epochs, or steps, at which the rate falls.'),
      gamma,
      unit,
    }),
    z.strictObject({
      kind: z.literal('poly').describe('η₀ · (1 − t/T)^power over all steps.'),
      power: z.number().positive().default(0.9).describe('Exponent.'),
    }),
    z.strictObject({
      kind: z.literal('one-cycle').describe('A rise and a fall over all steps.'),
      maxLearningRate: rate.optional().describe('Largest rate. Default: that of the optimizer.'),
      rise: share.default(0.3).describe('Share of the steps in which the rate rises.'),
      divFactor: rate.default(25).describe('The first rate is the largest over this.'),
      finalDivFactor: rate.default(1e4).describe('The last rate is the first over this.'),
      anneal: z.enum(['cosine', 'linear']).default('cosine').describe('Along what rates change.'),
      momentum: z
        .union([z.literal(false), z.tuple([share, share])])
        .default([0.85, 0.95])
        .describe('Smallest and largest momentum (Adam: β₁), or `false` for that of the optimizer.'),
    }),
  ])
  .describe('How the learning rate changes.');

const tasks = z
  .strictObject({
    main: taskNames.default([]).describe('Main tasks, which share the weight 1. Default: all tasks of the model.'),
    auxiliary: taskNames.default([]).describe('Auxiliary tasks, which share the weight λ.'),
    lambda: z.number().positive().default(0.1).describe('λ: each auxiliary task weighs λ over their number.'),
    equally: z.boolean().default(false).describe('Whether every task weighs 1 over their number instead.'),
    weights: z
      .record(z.string(), z.number().positive())
      .default({})
      .describe('Weight of a task by its name, instead of the one that follows from the others.'),
  })
  .prefault({})
  .describe('What is trained, and how much each counts: eq. 2 of the paper.');

const augment = z
  .strictObject({
    crop: z.tuple([count, count]).optional().describe('Height and width that are cut out at random. Default: all.'),
    flip: z.boolean().default(false).describe('Whether half of the examples are mirrored left to right.'),
  })
  .prefault({})
  .describe('How examples are changed, labels with them; validation takes them as they are.');

const adversarial = z
  .strictObject({
    attack: z
      .string()
      .default('pgd(steps=5,eps=8,step=2)')
      .describe(
        'Attack and objective in their text form, e.g. `pgd(steps=5,eps=8,step=2)@sum(segmentation=1,depth=1)`; without an objective all trained tasks are attacked.',
      ),
    batchNorm: z
      .enum(['running', 'batch'])
      .default('running')
      .describe(
        'Statistics that batch norms have during the attack; with `batch` its passes count for the running ones too, as in the code of the paper.',
      ),
    cleanShare: share.default(0).describe('Share of each batch that is not attacked.'),
  })
  .describe('Trains on attacked examples.');

/** What a training is told: the file of `robustgate lab train`. */
export const trainingConfigSchema = z.strictObject({
  model: z.union([newModel, knownModel]).describe('What is trained.'),
  dataset: datasetConfigSchema.describe('What it is trained on: as `datasets` of a gateway, docs/CONFIG.md.'),
  validation: z
    .strictObject({
      dataset: datasetConfigSchema.describe('What it is judged by, told as `dataset`.'),
      every: count.default(1).describe('Epochs between two looks.'),
      limit: count.optional().describe('Number of examples from the start of the dataset. Default: all.'),
    })
    .optional()
    .describe('Losses on other examples, with running statistics. Default: none.'),
  tasks,
  batchSize: count.describe('Examples of a step.'),
  epochs: count.optional().describe('Passes over the dataset; either these or steps.'),
  steps: count.optional().describe('Steps; either these or epochs.'),
  lastBatch: z
    .enum(['drop', 'wrap'])
    .default('drop')
    .describe('Whether examples that fill no batch are left out of an epoch, or begin one that the next epoch fills.'),
  seed: seed.default(0).describe('Seed of order, crops, flips and attacks.'),
  shuffle: z.boolean().default(true).describe('Whether every epoch has an order of its own.'),
  augment,
  optimizer: optimizer.prefault({ kind: 'sgd' }),
  schedule: schedule.prefault({ kind: 'constant' }),
  clipNorm: rate.optional().describe('Longest gradient, all parameters together. Default: any.'),
  batchNorm: z
    .strictObject({
      statistics: z
        .enum(['batch', 'running'])
        .default('batch')
        .describe('Statistics of a step; with `running` they stay as they are, and only weights are trained.'),
      momentum: share.default(0.1).describe('Part of the running statistics that a step replaces.'),
    })
    .prefault({})
    .describe('Batch norms that the file has not folded away.'),
  adversarial: adversarial.optional(),
  checkpoint: z
    .strictObject({ every: count.optional().describe('Steps between two checkpoints. Default: an epoch.') })
    .prefault({})
    .describe('What a killed training goes on from.'),
  memoryMegabytes: z
    .number()
    .min(0)
    .default(1024)
    .describe('Decoded examples that are kept in memory; others are read again in every epoch.'),
  threads: count.optional().describe('Threads. Default: the cores that may be used.'),
});

/** What a training is told, every default filled in. */
export type TrainingConfig = z.output<typeof trainingConfigSchema>;
export type OptimizerConfig = TrainingConfig['optimizer'];
export type ScheduleConfig = TrainingConfig['schedule'];
export type AdversarialConfig = NonNullable<TrainingConfig['adversarial']>;

/**
 * A training configuration, judged.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when something in it is wrong, with a violation for each.
 */
export function parseTrainingConfig(value: unknown): TrainingConfig {
  const config = parseStrict(trainingConfigSchema, value, 'INVALID_CONFIG', 'training configuration');
  const violations = new Violations();
  const { epochs, steps, tasks: chosen, schedule: plan } = config;
  violations.expect(
    (epochs === undefined) !== (steps === undefined),
    'epochs',
    `expected either epochs or steps, got ${epochs === undefined ? 'none' : 'both'}`,
  );
  const names = [...chosen.main, ...chosen.auxiliary];
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) violations.add('tasks', `expected each task once, got ${repeated} again`);
  if (chosen.main.length === 0 && chosen.auxiliary.length > 0)
    violations.add('tasks.main', 'expected a main task beside auxiliary ones, got none');
  if (plan.kind === 'one-cycle' && plan.momentum !== false && plan.momentum[0] > plan.momentum[1])
    violations.add('schedule.momentum', `expected the smaller one first, got ${plan.momentum.join(', ')}`);
  violations.throwIfAny('INVALID_CONFIG');
  return config;
}

/**
 * Reads the text of a training configuration; its paths are meant from `folder`.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when it is no YAML, or something in it is wrong.
 */
export function parseTrainingConfigText(text: string, folder: string): TrainingConfig {
  let value: unknown;
  try {
    value = parseYaml(text);
  } catch (cause) {
    throw new EngineError(
      'INVALID_CONFIG',
      `expected YAML in the training configuration, got: ${cause}`,
      {},
      { cause },
    );
  }
  const config = parseTrainingConfig(value);
  const placed = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  const { model, dataset, validation } = config;
  return {
    ...config,
    model: 'folder' in model ? { ...model, folder: placed(model.folder) } : model,
    dataset: { ...dataset, root: placed(dataset.root) },
    ...(validation && {
      validation: { ...validation, dataset: { ...validation.dataset, root: placed(validation.dataset.root) } },
    }),
  };
}
