import type { DataPlan, TrainingPlan } from './model-plan.js';
import type { Layout } from './tasks.js';

/** How much is done: a few steps to run the code, what two cores do in 12 hours, or what the paper did. */
export const SCALE_NAMES = ['smoke', 'small', 'paper'] as const;
export type ScaleName = (typeof SCALE_NAMES)[number];

/** What is trained and measured at one scale. */
export interface Scale {
  readonly name: ScaleName;
  /** By layout. */
  readonly data: Readonly<Record<Layout, DataPlan>>;
  /** Networks by their use. */
  readonly architectures: {
    /** Table 2 and 3. */
    readonly singleTask: string;
    /** Table 1, Fig. 4a and 4b. */
    readonly multitask: string;
    readonly taskonomy: string;
  };
  readonly decoders: 'shared' | 'separate';
  readonly training: {
    readonly singleTask: TrainingPlan;
    readonly multitask: TrainingPlan;
    readonly taskonomy: TrainingPlan;
    /** Epochs of Table 3, each of which costs an attack more. */
    readonly adversarial: TrainingPlan;
  };
  /** Attack on whose images the models of Table 3 are trained, without its objective. */
  readonly adversarialAttack: string;
  /** Seeds of the models of Table 2, and of all others. */
  readonly table2Seeds: readonly number[];
  readonly seeds: readonly number[];
  /** Examples that attacks, and gradients, are measured on. */
  readonly attackExamples: number;
  readonly gradientExamples: number;
  /** Steps that stand in for so many of the paper. */
  readonly steps: (paper: number) => number;
  /** Fig. 4a: numbers of outputs, and draws of each. */
  readonly figure4a: { readonly outputCounts: readonly number[]; readonly draws: number };
  /** Fig. 4b. */
  readonly figure4b: { readonly outputCounts: readonly number[]; readonly draws: number };
  /** Fig. 7: how many tasks of its order are combined. */
  readonly figure7Tasks: number;
  /** That no figure proves anything, and why. */
  readonly warning: string | undefined;
  /** How figures compare with the paper's, where that is not plain. */
  readonly caveat: string | undefined;
}

const sgd = { kind: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 1e-4 } as const;
const adam = { kind: 'adam', learningRate: 2e-3 } as const;
/** Few steps take a rise and a fall. */
const oneCycle = { kind: 'one-cycle' } as const;

const smokeTraining: TrainingPlan = {
  epochs: 1,
  batchSize: 4,
  augment: { flip: true },
  optimizer: adam,
  schedule: { kind: 'constant' },
};

const SMOKE: Scale = {
  name: 'smoke',
  data: {
    cityscapes: { layout: 'cityscapes', made: { seed: 7, height: 32, width: 64, train: 16, validation: 4 } },
    taskonomy: { layout: 'taskonomy', made: { seed: 7, height: 32, width: 32, train: 16, validation: 4 } },
  },
  architectures: {
    singleTask: 'drn-d-22-small',
    multitask: 'drn-d-22-small',
    taskonomy: 'resnet18-taskonomy-small',
  },
  decoders: 'separate',
  training: {
    singleTask: smokeTraining,
    multitask: smokeTraining,
    taskonomy: smokeTraining,
    adversarial: smokeTraining,
  },
  adversarialAttack: 'pgd(steps=1,eps=4,step=4)',
  table2Seeds: [0],
  seeds: [0],
  attackExamples: 4,
  gradientExamples: 4,
  // Different for different attacks of the paper.
  steps: (paper) => Math.max(1, Math.ceil(Math.log2(paper)) - 1),
  figure4a: { outputCounts: [1, 16, 256], draws: 2 },
  figure4b: { outputCounts: [1, 32, 512], draws: 1 },
  figure7Tasks: 2,
  warning:
    'Smoke: networks of a few training steps on a few tiny images. Its figures show that the code runs, and prove nothing.',
  caveat: undefined,
};

/** As the model of the demo is trained. */
const smallCityscapes = (epochs: number): TrainingPlan => ({
  epochs,
  batchSize: 8,
  augment: { flip: true },
  optimizer: { ...sgd, learningRate: 0.05 },
  schedule: oneCycle,
});

const SMALL: Scale = {
  name: 'small',
  data: {
    cityscapes: { layout: 'cityscapes', made: { seed: 20, height: 64, width: 128, train: 2000, validation: 100 } },
    taskonomy: { layout: 'taskonomy', made: { seed: 20, height: 64, width: 64, train: 2000, validation: 100 } },
  },
  architectures: {
    singleTask: 'drn-d-22-small',
    multitask: 'drn-d-22-small',
    taskonomy: 'resnet18-taskonomy-small',
  },
  decoders: 'separate',
  training: {
    singleTask: smallCityscapes(16),
    multitask: smallCityscapes(16),
    taskonomy: { epochs: 16, batchSize: 8, augment: { flip: false }, optimizer: adam, schedule: oneCycle },
    adversarial: smallCityscapes(8),
  },
  adversarialAttack: 'pgd(steps=2,eps=4,step=3)',
  table2Seeds: [0, 1, 2],
  seeds: [0],
  attackExamples: 64,
  gradientExamples: 64,
  steps: (paper) => paper,
  figure4a: { outputCounts: [1, 4, 16, 64, 256, 1024, 4096], draws: 20 },
  figure4b: { outputCounts: [1, 2, 5, 10, 50, 100, 500, 1000, 2000, 4000], draws: 2 },
  figure7Tasks: 3,
  warning: undefined,
  caveat:
    'Small networks, trained for minutes on scenes that the lab makes itself: absolute numbers do not compare with the paper’s, only the direction of differences does. So short a training hardly teaches an auxiliary task with a λ of 0.001: such a model is nearly the one without it.',
};

const paperSchedule = (milestones: readonly number[]) => ({ kind: 'multi-step', milestones, gamma: 0.1 }) as const;
const cityscapesTraining = (epochs: number, batchSize: number): TrainingPlan => ({
  epochs,
  batchSize,
  augment: { crop: [256, 256], flip: true },
  optimizer: sgd,
  schedule: paperSchedule([140]),
});

const PAPER: Scale = {
  name: 'paper',
  data: {
    cityscapes: { layout: 'cityscapes', made: undefined },
    taskonomy: { layout: 'taskonomy', made: undefined },
  },
  architectures: { singleTask: 'drn-d-22', multitask: 'drn-d-105', taskonomy: 'resnet18-taskonomy' },
  decoders: 'separate',
  training: {
    singleTask: cityscapesTraining(200, 1),
    multitask: cityscapesTraining(250, 24),
    taskonomy: {
      epochs: 150,
      batchSize: 32,
      augment: { flip: false },
      optimizer: { kind: 'adam', learningRate: 1e-3 },
      schedule: paperSchedule([120, 140]),
    },
    adversarial: cityscapesTraining(200, 1),
  },
  adversarialAttack: 'pgd(steps=5,eps=8,step=2)',
  table2Seeds: [42, 43, 44],
  seeds: [42],
  attackExamples: 500,
  gradientExamples: 402,
  steps: (paper) => paper,
  figure4a: { outputCounts: [1, 4, 16, 64, 256, 1000, 4000, 8000, 20_200], draws: 20 },
  figure4b: { outputCounts: [1, 2, 5, 10, 50, 100, 200, 500, 1000, 2000, 4000, 7000], draws: 3 },
  figure7Tasks: 11,
  warning: undefined,
  caveat: undefined,
};

const SCALES: Readonly<Record<ScaleName, Scale>> = { smoke: SMOKE, small: SMALL, paper: PAPER };

/** What a scale is by its name. */
export const scaleOf = (name: ScaleName): Scale => SCALES[name];
