import { type Command, Option } from 'commander';
import {
  type AttackParameters,
  Combination,
  HoudiniPush,
  Iterate,
  Norm,
  type Objective,
  RandomStart,
} from '../clients/index.js';
import { UsageError } from './context.js';
import { enumOption, integer, number, type Pair, pairs, weighted } from './options.js';

/** An attack and what it increases, as the command line says them. */
export interface AttackOptions {
  readonly attack: string;
  readonly epsilon?: number;
  readonly steps?: number;
  readonly stepSize?: number;
  readonly restarts?: number;
  readonly randomStart?: RandomStart;
  readonly norm?: Norm;
  readonly decay?: number;
  readonly push?: HoudiniPush;
  readonly iterate?: Iterate;
  readonly earlyStop?: true;
  readonly compat?: true;
  readonly rawGradient?: true;
  readonly task?: readonly { readonly task: string; readonly weight?: number }[];
  readonly loss?: readonly Pair[];
  readonly combination?: Combination;
}

/** Adds the options of `AttackOptions`. What is left out takes the gateway's default. */
export function addAttackOptions(command: Command): Command {
  return command
    .requiredOption('--attack <name>', 'fgsm, pgd, mim, houdini or square', 'pgd')
    .option('--epsilon <levels>', 'radius of the ball, in pixel levels of 255 (default: 4)', number)
    .option('--steps <count>', 'gradient steps (default: 10), or queries of square (default: 1000)', integer)
    .option('--step-size <levels>', 'length of a step, in pixel levels (default: 1; fgsm: epsilon)', number)
    .option('--restarts <count>', 'tries from different random starts (default: 1)', integer)
    .addOption(enumOption('--random-start <start>', 'where the attack starts', RandomStart))
    .addOption(enumOption('--norm <norm>', 'what bounds the perturbation', Norm))
    .option('--decay <mu>', 'decay of the accumulated gradient of mim and houdini', number)
    .addOption(enumOption('--push <push>', 'what houdini does where the model is right', HoudiniPush))
    .addOption(enumOption('--iterate <iterate>', 'which point of the way is the result', Iterate))
    .option('--early-stop', 'leave an example alone once it is broken')
    .option('--compat', "take the defaults of the paper's released code")
    .option('--raw-gradient', 'mim and houdini: accumulate the gradient without dividing it by its L1 norm')
    .option(
      '--task <name[=weight]>',
      'attacked task with its weight λ (repeatable; default: all with labels)',
      weighted,
    )
    .option('--loss <task=loss>', 'loss to increase instead of the default of a --task (repeatable)', pairs)
    .addOption(enumOption('--combination <how>', 'how the losses of several tasks are combined', Combination))
    .addOption(new Option('--seed <number>', 'seed of all random draws (default: 0)').argParser(integer));
}

/** The attack of a request. */
export const attackParameters = (options: AttackOptions): AttackParameters => ({
  name: options.attack,
  epsilon: options.epsilon,
  stepSize: options.stepSize,
  steps: options.steps,
  restarts: options.restarts,
  randomStart: options.randomStart,
  decay: options.decay,
  norm: options.norm,
  houdiniPush: options.push,
  iterate: options.iterate,
  earlyStop: options.earlyStop,
  mtrobustCompat: options.compat,
  normalizeGradient: options.rawGradient ? false : undefined,
});

/**
 * The objective of a request.
 *
 * @throws UsageError. Thrown when a loss is given for a task that is not attacked, or two for one task.
 */
export function objectiveOf({ task: tasks = [], loss = [], combination }: AttackOptions): Objective {
  const losses = lossesOf(
    loss,
    tasks.map(({ task }) => task),
  );
  return { combination, tasks: tasks.map(({ task, weight }) => ({ task, weight, loss: losses.get(task) })) };
}

/**
 * Losses by task.
 *
 * @throws UsageError. Thrown when a loss is given for a task that is not among `tasks`, or two for one task.
 */
export function lossesOf(given: readonly Pair[], tasks: readonly string[]): ReadonlyMap<string, string> {
  const losses = new Map(given);
  const stray = [...losses.keys()].find((task) => !tasks.includes(task));
  if (stray !== undefined) throw new UsageError(`expected --task ${stray} beside --loss ${stray}=…, got none`);
  if (losses.size < given.length) throw new UsageError('expected one --loss per task, got two for one');
  return losses;
}
