import type { AttackParameters } from '../attacks/attack.js';
import { attackDefaults } from '../attacks/defaults.js';
import { attackNames, findAttack } from '../attacks/methods/index.js';
import { Violations } from '../errors.js';
import { findLoss } from '../losses/index.js';
import type { TaskInfo } from '../models/model-info.js';
import { nearestTo } from '../models/parse-strict.js';
import { BUCKETS } from './batches.js';
import type { AttackSpec, Combination, GradientNormSpec, ObjectiveTask } from './spec.js';

/** What a request says of an attack; what it leaves out is `undefined`. */
export interface AttackSpecRequest {
  readonly attack: string;
  readonly parameters: { readonly [Name in keyof AttackParameters]?: AttackParameters[Name] | undefined };
  readonly mtrobustCompat: boolean;
  readonly combination: Combination | undefined;
  /** None means every task with a label. */
  readonly tasks: readonly RequestedTask[];
  readonly targeted: boolean;
  readonly labelFree: boolean;
  readonly seed: number | undefined;
  readonly batchSize: number | undefined;
  /** Default: false. */
  readonly fullBatches?: boolean | undefined;
}

export interface RequestedTask {
  readonly task: string;
  readonly weight?: number | undefined;
  readonly loss?: string | undefined;
}

/** What decides how a request is completed: a part of `ModelInfo`. */
export interface SpecModel {
  readonly tasks: readonly Pick<TaskInfo, 'name' | 'labelForm' | 'loss' | 'losses' | 'isReconstruction' | 'weight'>[];
}
type SpecTask = SpecModel['tasks'][number];

/** Names that parameters have in requests, where they are not those of the engine in snake case. */
const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Most steps of an attack. */
export const MAX_STEPS = 10_000;
const MAX_RESTARTS = 100;
const MAX_SEED = 2 ** 32 - 1;

/**
 * The attack that a request asks for, every parameter filled in.
 *
 * @param labelled names of the tasks that have a label in some example
 * @throws EngineError `INVALID_REQUEST`. Thrown when something is wrong, with a violation for each, by the names of the
 *   request's fields.
 */
export function resolveAttackSpec(
  request: AttackSpecRequest,
  model: SpecModel,
  labelled: ReadonlySet<string>,
): AttackSpec {
  const violations = new Violations();
  const parameters = resolveParameters(request, violations);
  const attack = attackNames.includes(request.attack) ? findAttack(request.attack) : undefined;
  const usable = (task: SpecTask): boolean => request.labelFree || labelled.has(task.name) || task.isReconstruction;
  const isPlain = !request.targeted && (request.combination ?? 'sum') === 'sum';
  const preferred = { always: attack?.loss, ofClasses: isPlain ? attack?.untargetedLoss : undefined };
  const tasks = resolveTasks(request.tasks, model, usable, preferred, 'objective.tasks', violations);
  if (attack?.isBlackBox && request.combination === 'sign-sum') {
    const text = `expected sum or balanced, for ${request.attack} knows no gradients whose signs could be summed, got sign-sum`;
    violations.add('objective.combination', text);
  }
  checkObjective(request, model, labelled, tasks, violations);
  const seed = checkSeed(request.seed, violations);
  checkBatchSize(request.batchSize, violations);
  violations.throwIfAny('INVALID_REQUEST');
  return {
    attack: request.attack,
    parameters,
    objective: { combination: request.combination ?? 'sum', tasks },
    targeted: request.targeted,
    seed,
    batchSize: request.batchSize,
    fullBatches: request.fullBatches ?? false,
  };
}

/** What a combination and a target ask of the tasks beyond what each task allows. */
function checkObjective(
  request: AttackSpecRequest,
  model: SpecModel,
  labelled: ReadonlySet<string>,
  tasks: readonly ObjectiveTask[],
  violations: Violations,
): void {
  // Tasks are resolved in the order of the model: what is wrong is told by their place in the request, if they have one.
  const fieldOf = (name: string, part: string): string => {
    const i = request.tasks.findIndex(({ task }) => task === name);
    return i === -1 ? 'objective.tasks' : `objective.tasks[${i}].${part}`;
  };
  for (const { task, loss } of tasks) {
    if (request.combination === 'balanced' && findLoss(loss).isSigned) {
      const text = `expected a loss of ${task} that is never negative, which balanced divides by, got ${loss}`;
      violations.add(fieldOf(task, 'loss'), text);
    }
    const isClean = model.tasks.find(({ name }) => name === task)?.isReconstruction;
    if (request.targeted && !isClean && !labelled.has(task)) {
      violations.add(fieldOf(task, 'task'), `expected a label to approach for ${task}, got none`);
    }
  }
}

function resolveParameters(request: AttackSpecRequest, violations: Violations): AttackParameters {
  const { attack: name, parameters: given, mtrobustCompat } = request;
  if (!attackNames.includes(name)) {
    const nearest = nearestTo(name, attackNames);
    const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
    violations.add('attack.name', `expected one of ${attackNames.join(', ')}, got ${name || 'none'}${hint}`);
    return attackDefaults;
  }
  const attack = findAttack(name);
  for (const parameter of attack.ignores) {
    const value = given[parameter];
    const isHarmless = value === undefined || value === (attack.defaults[parameter] ?? attackDefaults[parameter]);
    violations.expect(
      isHarmless,
      `attack.${snake(parameter)}`,
      `expected none, for ${name} has no such parameter, got ${value}`,
    );
  }
  if (attack.norms !== undefined && given.norm !== undefined && !attack.norms.includes(given.norm)) {
    violations.add(
      'attack.norm',
      `expected ${attack.norms.join(', ')}, for which ${name} is defined, got ${given.norm}`,
    );
  }
  const defaults = { ...attackDefaults, ...attack.defaults, ...(mtrobustCompat ? attack.compatDefaults : {}) };
  const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const parameters: AttackParameters = { ...defaults, ...stated };
  checkParameters(parameters, violations);
  return parameters;
}

function checkParameters(parameters: AttackParameters, violations: Violations): void {
  const { epsilon, stepSize, steps, restarts, decay } = parameters;
  const finite = (value: number, holds: boolean): boolean => Number.isFinite(value) && holds;
  violations.expect(finite(epsilon, epsilon >= 0), 'attack.epsilon', `expected ε ≥ 0, got ${epsilon}`);
  violations.expect(finite(stepSize, stepSize > 0), 'attack.step_size', `expected a step size > 0, got ${stepSize}`);
  violations.expect(steps >= 1 && steps <= MAX_STEPS, 'attack.steps', `expected 1 … ${MAX_STEPS} steps, got ${steps}`);
  violations.expect(
    restarts >= 1 && restarts <= MAX_RESTARTS,
    'attack.restarts',
    `expected 1 … ${MAX_RESTARTS} restarts, got ${restarts}`,
  );
  violations.expect(finite(decay, decay >= 0), 'attack.decay', `expected μ ≥ 0, got ${decay}`);
}

/** Losses that an attack prefers to those of the tasks. */
interface PreferredLoss {
  readonly always?: string | undefined;
  /** Of tasks with one class per example that have it. */
  readonly ofClasses?: string | undefined;
}

const lossOfClasses = ({ labelForm, losses }: SpecTask, loss: string | undefined): string | undefined =>
  labelForm === 'class' && loss !== undefined && losses.includes(loss) ? loss : undefined;

/** The tasks of an objective, in the order of `model.yaml`. */
function resolveTasks(
  requested: readonly RequestedTask[],
  model: SpecModel,
  usable: (task: SpecTask) => boolean,
  preferred: PreferredLoss,
  field: string,
  violations: Violations,
): readonly ObjectiveTask[] {
  const wanted: readonly RequestedTask[] =
    requested.length > 0 ? requested : defaultTasks(model, usable, preferred.always);
  if (wanted.length === 0)
    violations.add(field, 'expected a task with a label, got none: give labels, or set label_free');
  const seen = new Set<string>();
  const names = model.tasks.map(({ name }) => name);
  const resolved = new Map<string, ObjectiveTask>();
  for (const [i, { task: name, weight, loss }] of wanted.entries()) {
    const task = model.tasks.find((candidate) => candidate.name === name);
    if (task === undefined) {
      violations.add(`${field}[${i}].task`, `expected one of ${names.join(', ')}, got ${name || 'none'}`);
      continue;
    }
    violations.expect(!seen.has(name), `${field}[${i}].task`, `expected each task once, got ${name} again`);
    seen.add(name);
    violations.expect(
      usable(task),
      `${field}[${i}].task`,
      `expected a label for ${name}, got none: give one, or set label_free`,
    );
    const lambda = weight ?? task.weight;
    const isWeight = Number.isFinite(lambda) && lambda > 0;
    violations.expect(isWeight, `${field}[${i}].weight`, `expected a finite weight > 0, got ${lambda}`);
    const chosen = loss ?? preferred.always ?? lossOfClasses(task, preferred.ofClasses) ?? task.loss;
    if (!task.losses.includes(chosen)) {
      violations.add(`${field}[${i}].loss`, `expected one of ${task.losses.join(', ')} for ${name}, got ${chosen}`);
      continue;
    }
    resolved.set(name, { task: name, weight: lambda, loss: chosen });
  }
  return names.flatMap((name) => resolved.get(name) ?? []);
}

/** Every task that can be used, and that has the loss that the attack is made for. */
function defaultTasks(
  model: SpecModel,
  usable: (task: SpecTask) => boolean,
  preferredLoss: string | undefined,
): readonly RequestedTask[] {
  return model.tasks
    .filter((task) => usable(task) && (preferredLoss === undefined || task.losses.includes(preferredLoss)))
    .map(({ name }) => ({ task: name }));
}

function checkSeed(seed: number | undefined, violations: Violations): number {
  const value = seed ?? 0;
  const isSeed = Number.isInteger(value) && value >= 0 && value <= MAX_SEED;
  violations.expect(isSeed, 'seed', `expected a whole number of 0 … ${MAX_SEED}, got ${value}`);
  return value;
}

function checkBatchSize(size: number | undefined, violations: Violations): void {
  if (size === undefined || BUCKETS.some((bucket) => bucket === size)) return;
  violations.add('batch_size', `expected one of ${BUCKETS.join(', ')}, got ${size}`);
}

/** Whether an attack follows a gradient; otherwise it asks for predictions alone. */
export const needsGradient = ({ attack }: Pick<AttackSpec, 'attack'>): boolean => !findAttack(attack).isBlackBox;

/** What a request says of a measurement of gradients. */
export interface GradientNormSpecRequest {
  readonly tasks: readonly RequestedTask[];
  readonly labelFree: boolean;
  readonly seed: number | undefined;
  readonly batchSize: number | undefined;
  readonly sweep:
    | {
        readonly task: string | undefined;
        readonly outputCounts: readonly number[];
        readonly draws: number | undefined;
      }
    | undefined;
}

const DEFAULT_DRAWS = 20;
const MAX_DRAWS = 1000;

/**
 * The measurement that a request asks for, everything filled in.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when something is wrong, with a violation for each.
 */
export function resolveGradientNormSpec(
  request: GradientNormSpecRequest,
  model: SpecModel,
  labelled: ReadonlySet<string>,
): GradientNormSpec {
  const violations = new Violations();
  const usable = (task: SpecTask): boolean =>
    labelled.has(task.name) || task.isReconstruction || (request.labelFree && task.labelForm !== 'numbers');
  for (const [i, { task: name }] of request.tasks.entries()) {
    const task = model.tasks.find((candidate) => candidate.name === name);
    if (task === undefined || usable(task) || !request.labelFree) continue;
    violations.add(`tasks[${i}].task`, `expected a label: ${name} as its own label has gradient 0 at the clean input`);
  }
  const tasks = violations.isEmpty ? resolveTasks(request.tasks, model, usable, {}, 'tasks', violations) : [];
  const { sweep } = request;
  const sweepTask = sweep?.task ?? tasks[0]?.task ?? '';
  const draws = sweep?.draws ?? DEFAULT_DRAWS;
  if (sweep !== undefined) {
    const isMeasured = tasks.some(({ task }) => task === sweepTask);
    violations.expect(
      isMeasured,
      'sweep.task',
      `expected one of ${tasks.map(({ task }) => task).join(', ')}, got ${sweepTask}`,
    );
    violations.expect(sweep.outputCounts.length > 0, 'sweep.output_counts', 'expected at least one number, got none');
    for (const [i, count] of sweep.outputCounts.entries()) {
      violations.expect(count >= 1, `sweep.output_counts[${i}]`, `expected at least 1 position, got ${count}`);
    }
    violations.expect(draws >= 1 && draws <= MAX_DRAWS, 'sweep.draws', `expected 1 … ${MAX_DRAWS} draws, got ${draws}`);
  }
  const seed = checkSeed(request.seed, violations);
  checkBatchSize(request.batchSize, violations);
  violations.throwIfAny('INVALID_REQUEST');
  return {
    tasks: tasks.map(({ task, loss }) => ({ task, loss })),
    seed,
    sweep: sweep && { task: sweepTask, outputCounts: sweep.outputCounts, draws },
    batchSize: request.batchSize,
  };
}
