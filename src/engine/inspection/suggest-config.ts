import { stringify } from 'yaml';
import type { TaskKindName } from '../models/task-kinds.js';
import type { Shape } from '../tensor/shape.js';

/** An input of a graph; an axis of unknown length is −1. */
export interface SuggestedInput {
  readonly name: string;
  readonly shape: Shape;
}

/** A tensor that a task can read. */
export interface SuggestedOutput {
  readonly name: string;
  /** At the sampled input, batch axis included; `undefined` where it is not known. */
  readonly shape: Shape | undefined;
  /** The operator that makes it. */
  readonly opType: string | undefined;
}

export interface Suggestion {
  readonly attacked: SuggestedInput;
  readonly others: readonly SuggestedInput[];
  readonly outputs: readonly SuggestedOutput[];
}

/** Numbers of channels by colour order: an image has one of these. */
const COLORS: ReadonlyMap<number, string> = new Map([
  [3, 'RGB'],
  [1, 'GREY'],
]);

/** Fewest channels of a map that are taken for classes. */
const FEWEST_MAP_CLASSES = 4;

/**
 * Text of a `model.yaml` for a graph: what its shapes and last operators make likely, for a person to correct. What no graph
 * says, how pixels become inputs, is told in comments.
 */
export function suggestConfig({ attacked, others, outputs }: Suggestion): string {
  const input = inputOf(attacked);
  const isImage = input['kind'] === 'image';
  const names = taskNames(outputs.map(({ name }) => name));
  const config = {
    input,
    ...(others.length > 0 && { otherInputs: others.map(({ name }) => ({ name, value: 1 })) }),
    tasks: outputs.map((output, i) => taskOf(output, attacked, names[i] as string)),
  };
  const notes = [
    '# A suggestion: shapes and operators say what is likely, not what is meant. Check kinds, classes and units.',
    isImage
      ? '# Levels 0–255 become (level / 255 − mean) / std: state mean and std (or scale and offset) as in training.'
      : '# range: the values that the input may have; perturbations stay in it.',
    ...(others.length > 0
      ? ['# Other inputs get a constant, or `perRequest: true`: each example brings its own.']
      : []),
  ];
  return `${notes.join('\n')}\n${stringify(config)}`;
}

function inputOf({ name, shape }: SuggestedInput): Record<string, unknown> {
  if (shape.length === 4) {
    const [, second = 0, , last = 0] = shape;
    const order = COLORS.get(second);
    if (order !== undefined) return image(name, 'NCHW', order);
    const lastOrder = COLORS.get(last);
    if (lastOrder !== undefined) return image(name, 'NHWC', lastOrder);
  }
  return { kind: 'features', name, range: [0, 1] };
}

const image = (name: string, layout: string, colorOrder: string) => ({
  kind: 'image',
  name,
  ...(layout !== 'NCHW' && { layout }),
  ...(colorOrder !== 'RGB' && { colorOrder }),
});

function taskOf(output: SuggestedOutput, input: SuggestedInput, name: string): Record<string, unknown> {
  const activation = output.opType === 'Softmax' ? 'softmax' : output.opType === 'Sigmoid' ? 'sigmoid' : undefined;
  const { kind, classAxis } = kindOf(output, input);
  return {
    name,
    kind,
    ...(output.name !== name && { output: output.name }),
    ...(classAxis !== undefined && classAxis !== 1 && { classAxis }),
    ...(kind !== 'regression' && activation !== undefined && { activation }),
  };
}

/** Names of tasks for tensors, each its own, in the letters that names have. */
function taskNames(tensors: readonly string[]): readonly string[] {
  const names: string[] = [];
  for (const [i, tensor] of tensors.entries()) {
    const letters = tensor.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^[^A-Za-z0-9]+|-+$/g, '');
    const name = letters.slice(-80).replace(/^[^A-Za-z0-9]+/, '') || 'output';
    names.push(names.includes(name) ? `${name}-${i + 1}` : name);
  }
  return names;
}

/** What a tensor is likely to mean. */
function kindOf({ shape, opType }: SuggestedOutput, input: SuggestedInput): { kind: TaskKindName; classAxis?: number } {
  const [, ...axes] = shape ?? [];
  const [first = 0] = axes;
  if (axes.length === 1 && first >= 2)
    return { kind: opType === 'Sigmoid' ? 'multi-label' : 'classification', classAxis: 1 };
  if (axes.length === 3) {
    const isLast = input.shape.length === 4 && COLORS.has(input.shape[3] ?? 0) && !COLORS.has(input.shape[1] ?? 0);
    const channels = (isLast ? axes[2] : first) ?? 0;
    if (channels === 2 || channels >= FEWEST_MAP_CLASSES) {
      return { kind: 'semantic-segmentation', classAxis: isLast ? 3 : 1 };
    }
  }
  if (axes.length > 1 && opType === 'Softmax') return { kind: 'semantic-segmentation', classAxis: -1 };
  if (axes.length > 1 && opType === 'Sigmoid') return { kind: 'score-map' };
  return { kind: 'regression' };
}
