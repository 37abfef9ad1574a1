import { digestOf } from './digest.js';
import { CITYSCAPES_LETTERS, inLetterOrder, type Layout, TASKONOMY_LETTERS } from './tasks.js';

/** Scenes that the lab makes itself, in the layout of a dataset. */
export interface MadeData {
  readonly seed: number;
  /** Both in pixels. */
  readonly height: number;
  readonly width: number;
  /** Number of scenes. */
  readonly train: number;
  readonly validation: number;
}

/** What a model is trained and judged on. */
export interface DataPlan {
  readonly layout: Layout;
  /** `undefined` for the real dataset, which its user brings. */
  readonly made: MadeData | undefined;
}

/** How long and how a model is trained: parts of the trainer's configuration. */
export interface TrainingPlan {
  readonly epochs: number;
  readonly batchSize: number;
  readonly augment: { readonly crop?: readonly [height: number, width: number]; readonly flip: boolean };
  readonly optimizer: Readonly<Record<string, unknown>> & { readonly kind: string };
  readonly schedule: Readonly<Record<string, unknown>> & { readonly kind: string };
}

/** Everything that decides the weights of a model. */
export interface ModelPlan {
  readonly data: DataPlan;
  readonly architecture: string;
  readonly decoders: 'shared' | 'separate';
  /** Names of tasks. */
  readonly main: readonly string[];
  readonly auxiliary: readonly string[];
  /** λ_a, which several auxiliary tasks share; `undefined` without any, or where all tasks count equally. */
  readonly lambda: number | undefined;
  readonly equally: boolean;
  /** Of weights, order, crops and flips. */
  readonly seed: number;
  readonly training: TrainingPlan;
  /** The attack on whose images it is trained, in the text form; `undefined` for clean ones. */
  readonly adversarial: string | undefined;
}

/** Name of a trained model in a store. */
export const modelDigest = (model: ModelPlan): string => digestOf(model);

/** Name of made scenes in a store. */
export const dataDigest = (data: DataPlan): string => digestOf(data);

/** Tasks of a model, whichever is the main one. */
export const tasksOfModel = ({ data, main, auxiliary }: ModelPlan): readonly string[] =>
  inLetterOrder(data.layout, [...main, ...auxiliary]);

/** Letters of a model with its main tasks first, as the paper names them: `sdA`. */
export function lettersOf({ data, main, auxiliary }: ModelPlan): string {
  const letters = Object.entries(data.layout === 'cityscapes' ? CITYSCAPES_LETTERS : TASKONOMY_LETTERS);
  return [...main, ...auxiliary].map((task) => letters.find(([, name]) => name === task)?.[0] ?? '?').join('');
}

/** A model for people: `drn-d-22-small sdA, λ 0.001, seed 0`. */
export function modelText(model: ModelPlan): string {
  const { architecture, lambda, equally, seed, adversarial } = model;
  const parts = [
    `${architecture} ${lettersOf(model)}`,
    ...(lambda === undefined ? [] : [`λ ${lambda}`]),
    ...(equally && model.main.length > 1 ? ['equally'] : []),
    ...(adversarial === undefined ? [] : ['adversarially']),
    `seed ${seed}`,
  ];
  return parts.join(', ');
}

/**
 * The configuration with which the trainer makes a model.
 *
 * @param root folder of the dataset
 */
export function trainingConfigOf(model: ModelPlan, root: string): Readonly<Record<string, unknown>> {
  const { data, architecture, decoders, main, auxiliary, lambda, equally, seed, training, adversarial } = model;
  const { epochs, batchSize, augment, optimizer, schedule } = training;
  return {
    model: { architecture, tasks: tasksOfModel(model), decoders, seed },
    dataset: { kind: data.layout, root, split: 'train' },
    tasks: { main, auxiliary, equally, ...(lambda !== undefined && { lambda }) },
    batchSize,
    epochs,
    seed,
    augment,
    optimizer,
    schedule,
    ...(adversarial !== undefined && { adversarial: { attack: adversarial } }),
  };
}
