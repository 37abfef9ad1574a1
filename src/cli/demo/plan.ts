import {
  type AttackParameters,
  Combination,
  type DeepPartial,
  HoudiniPush,
  type Objective,
  type Task,
} from '../../clients/index.js';

/** An attack of the demo, with the words that the table has for it. */
export interface PlannedAttack {
  readonly name: string;
  readonly objectiveName: string;
  readonly parameters: DeepPartial<AttackParameters>;
  readonly objective: DeepPartial<Objective>;
  /** Gradients per example. */
  readonly steps: number;
  /** Whether its examples are drawn. */
  readonly isPictured: boolean;
}

export interface PlanOptions {
  readonly epsilon: number;
  readonly steps: number;
}

const SEGMENTATION = 'segmentation';
const DEPTH = 'depth';
const RECONSTRUCTION = 'reconstruction';

const OBJECTIVES = [
  { name: SEGMENTATION, tasks: [SEGMENTATION], combination: Combination.SUM },
  { name: DEPTH, tasks: [DEPTH], combination: Combination.SUM },
  { name: RECONSTRUCTION, tasks: [RECONSTRUCTION], combination: Combination.SUM },
  { name: 'segmentation + depth', tasks: [SEGMENTATION, DEPTH], combination: Combination.SUM },
  { name: 'all three, sum', tasks: [SEGMENTATION, DEPTH, RECONSTRUCTION], combination: Combination.SUM },
  { name: 'all three, balanced', tasks: [SEGMENTATION, DEPTH, RECONSTRUCTION], combination: Combination.BALANCED },
] as const;
type PlannedObjective = (typeof OBJECTIVES)[number];

const HOUDINI = [
  { push: HoudiniPush.ANALYTIC, pushName: 'analytic', objective: OBJECTIVES[0] },
  { push: HoudiniPush.ONE_SIDED, pushName: 'one-sided', objective: OBJECTIVES[0] },
  { push: HoudiniPush.ONE_SIDED, pushName: 'one-sided', objective: OBJECTIVES[5] },
] as const;

/**
 * FGSM, PGD and MIM on one task, on two and on three, and Houdini with both pushes.
 *
 * @param tasks the tasks of the model: beside segmentation, Houdini runs increase their default losses
 */
export function planAttacks(
  tasks: readonly Pick<Task, 'name' | 'loss'>[],
  { epsilon, steps }: PlanOptions,
): PlannedAttack[] {
  const plain = ['fgsm', 'pgd', 'mim'].flatMap((attack) =>
    OBJECTIVES.map((objective): PlannedAttack => {
      const count = attack === 'fgsm' ? 1 : steps;
      return {
        name: attack === 'fgsm' ? attack : `${attack}-${steps}`,
        objectiveName: objective.name,
        parameters: { name: attack, epsilon, ...(attack === 'fgsm' ? {} : { steps }) },
        objective: objectiveOf(objective, () => undefined),
        steps: count,
        isPictured: attack === 'pgd' && objective.name === 'all three, balanced',
      };
    }),
  );
  const lossOf = (task: string): string | undefined =>
    task === SEGMENTATION ? undefined : tasks.find(({ name }) => name === task)?.loss;
  const houdini = HOUDINI.map(
    ({ push, pushName, objective }): PlannedAttack => ({
      name: `houdini-${steps}, ${pushName}`,
      objectiveName: objective.name,
      parameters: { name: 'houdini', epsilon, steps, houdiniPush: push },
      objective: objectiveOf(objective, lossOf),
      steps,
      isPictured: false,
    }),
  );
  return [...plain, ...houdini];
}

const objectiveOf = (
  { tasks, combination }: PlannedObjective,
  lossOf: (task: string) => string | undefined,
): DeepPartial<Objective> => ({ combination, tasks: tasks.map((task) => ({ task, loss: lossOf(task) })) });
