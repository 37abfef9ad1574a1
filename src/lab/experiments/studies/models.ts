import type { ModelPlan } from '../model-plan.js';
import type { Scale } from '../scales.js';
import { inLetterOrder, type Layout, tasksOf } from '../tasks.js';

/** What a study says of a model beside its letters. */
export interface ModelChoice {
  readonly seed: number;
  /** λ_a of the auxiliary tasks: all but the first letter. */
  readonly lambda?: number;
  /** Whether all letters count equally instead. */
  readonly equally?: boolean;
}

/** A model of Cityscapes whose first letter is its main task, with the network of Table 2 or of Table 1. */
export function cityscapesModel(
  scale: Scale,
  use: 'singleTask' | 'multitask' | 'adversarial',
  letters: string,
  choice: ModelChoice,
): ModelPlan {
  return {
    data: scale.data.cityscapes,
    architecture: use === 'multitask' ? scale.architectures.multitask : scale.architectures.singleTask,
    decoders: scale.decoders,
    ...rolesOf('cityscapes', letters, choice),
    seed: choice.seed,
    training: scale.training[use],
    adversarial:
      use === 'adversarial' ? jointAttack(scale.adversarialAttack, tasksOf('cityscapes', letters)) : undefined,
  };
}

/** A model of Taskonomy. */
export function taskonomyModel(scale: Scale, letters: string, choice: ModelChoice): ModelPlan {
  return {
    data: scale.data.taskonomy,
    architecture: scale.architectures.taskonomy,
    decoders: 'separate',
    ...rolesOf('taskonomy', letters, choice),
    seed: choice.seed,
    training: scale.training.taskonomy,
    adversarial: undefined,
  };
}

/** One task alone is always the main one, so that all studies share its model. */
function rolesOf(
  layout: Layout,
  letters: string,
  { lambda, equally = false }: ModelChoice,
): Pick<ModelPlan, 'main' | 'auxiliary' | 'lambda' | 'equally'> {
  const tasks = tasksOf(layout, letters);
  const [main = '', ...auxiliary] = tasks;
  if (auxiliary.length === 0) return { main: [main], auxiliary: [], lambda: undefined, equally: false };
  if (equally) return { main: inLetterOrder(layout, tasks), auxiliary: [], lambda: undefined, equally: true };
  return { main: [main], auxiliary: inLetterOrder(layout, auxiliary), lambda, equally: false };
}

/** An attack on the sum of the losses of tasks, or another combination of them. */
export const jointAttack = (attack: string, tasks: readonly string[], combination = 'sum'): string =>
  `${attack}@${combination}(${tasks.map((task) => `${task}=1`).join(',')})`;
