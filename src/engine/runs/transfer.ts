import { EngineError } from '../errors.js';
import type { ModelInfo, TaskInfo } from '../models/model-info.js';
import type { Network } from '../models/network.js';
import type { SurrogateIdentity, Warning } from './events.js';
import type { AttackSpec } from './spec.js';

/** A model whose gradients an attack on another one takes. */
export type Surrogate = Pick<Network, 'info' | 'plan' | 'hasProgram' | 'program' | 'programVersion'>;

export const identityOf = ({ info: { name, version, sha256 } }: Pick<Surrogate, 'info'>): SurrogateIdentity => ({
  name,
  version,
  sha256,
});

/** What made gradients that are not the attacked model's own: figures with other ones are not mixed. */
export const transferVersion = ({ info, programVersion }: Surrogate): string =>
  `transfer of ${programVersion} from ${info.name}@${info.version} (${info.sha256})`;

export const transferWarning = ({ info: { name, version, sha256 } }: Surrogate): Warning => ({
  reason: 'TRANSFER',
  message: `the gradients are those of ${name}@${version} (sha256 ${sha256}), and not of the model: it may be less robust than this says`,
});

/**
 * Holds a surrogate against the model that is attacked: pixels and labels of one must mean the same to the other.
 *
 * @throws EngineError `GRADIENT_UNAVAILABLE`. Thrown when they do not.
 */
export function requireSurrogateFits(target: ModelInfo, surrogate: ModelInfo, spec: AttackSpec): void {
  const problem = inputProblem(target, surrogate) ?? taskProblem(target, surrogate, spec);
  if (problem === undefined) return;
  const text = `expected the surrogate ${surrogate.name}@${surrogate.version} to stand for ${target.name}, but ${problem}`;
  throw new EngineError('GRADIENT_UNAVAILABLE', text, { metadata: { surrogate: surrogate.name } });
}

function inputProblem(target: ModelInfo, surrogate: ModelInfo): string | undefined {
  const [wanted, got] = [describeInput(target), describeInput(surrogate)];
  if (!isSameShape(target.input.shape, surrogate.input.shape) || wanted !== got)
    return `it takes ${got} [${surrogate.input.shape}] instead of ${wanted} [${target.input.shape}]`;
  const names = ({ extraInputs }: ModelInfo): string =>
    extraInputs
      .map(({ name }) => name)
      .toSorted()
      .join(', ');
  if (names(target) === names(surrogate)) return undefined;
  return `its other inputs are ${names(surrogate) || 'none'} instead of ${names(target) || 'none'}`;
}

const describeInput = ({ input: { kind, layout, colorOrder, range } }: ModelInfo): string =>
  kind === 'image' ? `images ${layout} ${colorOrder}` : `features in [${range}]`;

function taskProblem(target: ModelInfo, surrogate: ModelInfo, { objective }: AttackSpec): string | undefined {
  for (const { task: name, loss } of objective.tasks) {
    const wanted = target.tasks.find((task) => task.name === name);
    const got = surrogate.tasks.find((task) => task.name === name);
    if (wanted === undefined || got === undefined) return `it has no task ${name}`;
    if (!isAlike(wanted, got))
      return `its task ${name} is another: ${describeTask(got)} instead of ${describeTask(wanted)}`;
    if (!got.losses.includes(loss)) return `its task ${name} has no loss ${loss}`;
  }
  return undefined;
}

const isAlike = (one: TaskInfo, other: TaskInfo): boolean =>
  formOf(one) === formOf(other) && isSameShape(one.shape, other.shape);

const formOf = ({ labelForm, classCount, classAxis, isReconstruction }: TaskInfo): string =>
  [
    labelForm,
    ...(classCount > 0 ? [`${classCount} classes along ${classAxis}`] : []),
    ...(isReconstruction ? ['of the input'] : []),
  ].join(', ');

const describeTask = (task: TaskInfo): string => `${formOf(task)}, [${task.shape}]`;

/** −1 is any length. */
const isSameShape = (one: readonly number[], other: readonly number[]): boolean =>
  one.length === other.length && one.every((n, axis) => n === other[axis] || n === -1 || other[axis] === -1);
