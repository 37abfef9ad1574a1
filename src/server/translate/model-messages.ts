import { type Model, ModelState, type Task } from '../../contract/robustgate/v1/model.js';
import { type ModelInfo, paletteOf, type TaskInfo } from '../../engine/index.js';
import type { VersionStatus } from '../repository/repository.js';
import { GRADIENT_SUPPORTS, numberFor } from './enums.js';

const STATES = {
  [ModelState.LOADING]: 'loading',
  [ModelState.VERIFIED]: 'verified',
  [ModelState.STANDBY]: 'standby',
  [ModelState.SERVING]: 'serving',
  [ModelState.DRAINING]: 'draining',
  [ModelState.FAILED]: 'failed',
} as const;

const UNLOADED = 'unloaded to spare memory: the next call loads it again';

/** Why a version is in its state, for people. */
export const stateReasonOf = ({ reason, isUnloaded }: VersionStatus, quarantine?: string): string =>
  [quarantine ?? reason, isUnloaded ? UNLOADED : ''].filter((text) => text !== '').join('; ');

/** A version as it is told; `withOperators` adds the long list. */
export function writeModel(status: VersionStatus, quarantine: string | undefined, withOperators: boolean): Model {
  const { name, version, state, info, isUnloaded } = status;
  return {
    name,
    version,
    state: numberFor(STATES, state),
    stateReason: stateReasonOf(status, quarantine),
    sha256: info?.sha256 ?? '',
    engine: info?.engine ?? '',
    provider: info?.provider ?? '',
    input: info && writeInput(info),
    tasks: (info?.tasks ?? []).map(writeTask),
    operators: withOperators
      ? (info?.operators ?? []).map(({ type, count, gradient }) => ({
          type,
          count,
          gradient: numberFor(GRADIENT_SUPPORTS, gradient),
        }))
      : [],
    quarantined: quarantine !== undefined,
    unloaded: isUnloaded,
    surrogate: info?.surrogate?.name ?? '',
    description: info?.description ?? '',
    labels: { ...info?.labels },
    extraInputs: (info?.extraInputs ?? []).map((input) => ({ name: input.name, shape: input.shape.map(BigInt) })),
  };
}

const writeInput = ({ input, fixedBatch }: ModelInfo): NonNullable<Model['input']> => ({
  name: input.name,
  kind: input.kind,
  shape: input.shape.map(BigInt),
  layout: input.kind === 'image' ? input.layout : '',
  colorOrder: input.kind === 'image' ? input.colorOrder : '',
  rangeMin: input.range[0],
  rangeMax: input.range[1],
  fixedBatch: fixedBatch ?? 0,
});

const writeTask = (task: TaskInfo): Task => ({
  name: task.name,
  kind: task.kind,
  output: task.output,
  shape: task.shape.map(BigInt),
  unit: task.unit,
  loss: task.loss,
  metric: task.metric,
  classes: [...task.classes],
  ignoreIndex: task.ignoreIndex,
  attackable: task.attackable,
  gradientObstacles: [...task.gradientObstacles],
  palette: paletteOf(task.palette, task.classCount).map(([red, green, blue]) => red * 0x10000 + green * 0x100 + blue),
  losses: [...task.losses],
  labelForm: task.labelForm,
  classCount: task.classCount,
  classAxis: task.classCount > 0 ? task.classAxis : 0,
  labelScale: [...task.labelScale],
  labelOffset: [...task.labelOffset],
  labelInvalid: task.invalid,
  labelIsInput: task.isReconstruction,
  weight: task.weight,
  activation: task.activation,
});
