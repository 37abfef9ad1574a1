import { parseSpec } from '../../engine/index.js';
import type { CellPlan } from './cell-plan.js';
import { type DataPlan, type ModelPlan, tasksOfModel } from './model-plan.js';
import type { WorkItem } from './work-plan.js';

/** Multiplications of one forward pass for each pixel of the input: of the part that tasks share, and of each task. */
interface NetworkCost {
  readonly shared: number;
  readonly task: number;
}

/** Of the networks with decoders of their own; a test holds the small ones against their graphs. */
export const NETWORK_COSTS: Readonly<Record<string, NetworkCost>> = {
  'drn-d-22': { shared: 55_176, task: 204_812 },
  'drn-d-105': { shared: 446_088, task: 417_804 },
  'resnet18-taskonomy': { shared: 36_144, task: 16_224 },
  'drn-d-22-small': { shared: 10_916, task: 8840 },
  'resnet18-taskonomy-small': { shared: 1845, task: 1241 },
};

/** Sizes of the real datasets: examples, and pixels of an image as it is evaluated. */
const REAL = {
  cityscapes: { train: 2975, validation: 500, pixels: 680 * 336 },
  taskonomy: { train: 8000, validation: 1000, pixels: 256 * 256 },
} as const;

/** Units of work per second on 2 cores, where a store has nothing of the kind finished to go by. */
const USUAL_SCENES = 25;
/**
 * Multiplications per second, measured in training: narrow networks spend most of a step on what is no multiplication.
 * Large ones: the forward and backward pass of DRN-D-22.
 */
const USUAL_MULTIPLICATIONS: Readonly<Record<string, number>> = {
  'drn-d-22-small': 2.7e10,
  'resnet18-taskonomy-small': 7e9,
};
const USUAL_OF_LARGE = 8e10;

/** Forward passes that a step costs: forward and by pixels, or by weights too. */
const ATTACK_STEP = 2;
const TRAINING_STEP = 3;
/** Forward passes by which a result is verified. */
const VERIFICATION = 3;

interface DataSize {
  readonly train: number;
  readonly validation: number;
  readonly pixels: number;
}

const sizeOf = ({ layout, made }: DataPlan): DataSize =>
  made === undefined
    ? REAL[layout]
    : { train: made.train, validation: made.validation, pixels: made.height * made.width };

/** What an item costs: scenes, or multiplications. */
export function workOf(item: WorkItem): number {
  switch (item.kind) {
    case 'data':
      return item.data.made === undefined ? 0 : item.data.made.train + item.data.made.validation;
    case 'model':
      return trainingWork(item.model);
    case 'cell':
      return cellWork(item.cell);
  }
}

/** Of a forward pass, for each pixel. */
function costPerPixel(model: ModelPlan, tasks: number): number {
  const { shared, task } = NETWORK_COSTS[model.architecture] ?? { shared: 10_000, task: 10_000 };
  return shared + tasks * task;
}

function trainingWork(model: ModelPlan): number {
  const { data, training, adversarial } = model;
  const { train, pixels } = sizeOf(data);
  const { crop } = training.augment;
  const perExample =
    (crop === undefined ? pixels : crop[0] * crop[1]) * costPerPixel(model, tasksOfModel(model).length);
  const attack = adversarial === undefined ? 0 : ATTACK_STEP * stepsOf(adversarial);
  return training.epochs * train * perExample * (TRAINING_STEP + attack);
}

function cellWork(cell: CellPlan): number {
  const { model } = cell;
  const { validation, pixels } = sizeOf(model.data);
  const examples = Math.min(cell.limit, validation);
  const all = tasksOfModel(model).length;
  if (cell.kind === 'attack') {
    const attacked = parseSpec(cell.attack).tasks.length;
    const steps = stepsOf(cell.attack) * ATTACK_STEP * costPerPixel(model, attacked);
    return examples * pixels * (steps + VERIFICATION * costPerPixel(model, all));
  }
  const { tasks, sweep } = cell;
  const gradients = tasks.length + (sweep === undefined ? 0 : sweep.outputCounts.length * sweep.draws);
  return examples * pixels * ATTACK_STEP * gradients * costPerPixel(model, tasks.length);
}

/** Gradients of an attack for each example. */
function stepsOf(text: string): number {
  const { attack, parameters } = parseSpec(text);
  return attack === 'fgsm' ? 1 : (parameters.steps ?? 10);
}

/** An item with how long it took, if it is finished. */
export interface TimedItem {
  readonly item: WorkItem;
  readonly seconds: number | undefined;
}

/** An item with how long it will take: 0 where it is finished. */
export interface EstimatedItem {
  readonly item: WorkItem;
  readonly isDone: boolean;
  readonly seconds: number;
}

/**
 * How long what is missing will take: its multiplications over the rate at which things of its kind and network went in this
 * store, else over a usual one.
 */
export function estimate(items: readonly TimedItem[]): readonly EstimatedItem[] {
  const finished = new Map<string, { work: number; seconds: number }>();
  for (const { item, seconds } of items) {
    if (seconds === undefined) continue;
    const sum = finished.get(familyOf(item)) ?? { work: 0, seconds: 0 };
    finished.set(familyOf(item), { work: sum.work + workOf(item), seconds: sum.seconds + seconds });
  }
  return items.map(({ item, seconds }) => {
    const known = finished.get(familyOf(item));
    const rate = known === undefined || known.seconds === 0 ? usualRate(item) : known.work / known.seconds;
    return { item, isDone: seconds !== undefined, seconds: seconds === undefined ? workOf(item) / rate : 0 };
  });
}

/** What goes at one rate. */
const familyOf = (item: WorkItem): string =>
  item.kind === 'data' ? `data ${item.data.layout}` : `${item.kind} ${architectureOf(item)}`;

const architectureOf = (item: Exclude<WorkItem, { kind: 'data' }>): string =>
  (item.kind === 'model' ? item.model : item.cell.model).architecture;

const usualRate = (item: WorkItem): number =>
  item.kind === 'data' ? USUAL_SCENES : (USUAL_MULTIPLICATIONS[architectureOf(item)] ?? USUAL_OF_LARGE);
