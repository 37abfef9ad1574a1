import { EngineError } from '../errors.js';
import type { GraphValue } from './graph-value.js';
import type { InputConfig, ModelConfig } from './model-config.js';
import type { InputInfo, ModelInfo, TensorSignature } from './model-info.js';

/** An input or output as the graph has it. */
export const signatureOf = (
  { name, dataType, shape }: GraphValue,
  others: ModelConfig['otherInputs'],
): TensorSignature => ({
  name,
  dataType,
  shape: shape.map((n) => (typeof n === 'number' && n >= 0 ? n : -1)),
  hasDefault: others.some((other) => other.name === name && 'value' in other),
});

const lengths = ({ shape }: GraphValue): number[] =>
  shape.slice(1).map((n) => (typeof n === 'number' && n > 0 ? n : -1));

function declared(name: string, inputs: readonly GraphValue[]): GraphValue {
  const input = inputs.find((candidate) => candidate.name === name);
  if (input === undefined) {
    throw invalid(`an input of the graph (${inputs.map((candidate) => candidate.name).join(', ')})`, name);
  }
  return input;
}

/**
 * The one input that is attacked; all others must be listed in `otherInputs`.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when they are not, or there is no such input.
 */
export function attackedInput(
  config: InputConfig,
  inputs: readonly GraphValue[],
  others: ModelConfig['otherInputs'],
): GraphValue {
  const listed = new Set(others.map(({ name }) => declared(name, inputs).name));
  const rest = inputs.filter(({ name }) => !listed.has(name));
  const name = config.name ?? rest[0]?.name;
  if (name === undefined) throw invalid('an input that is attacked', 'none');
  const attacked = declared(name, inputs);
  const forgotten = rest.filter((input) => input !== attacked).map((input) => input.name);
  if (listed.has(name)) throw invalid(`the attacked input ${name} not to be among otherInputs`, 'it there');
  if (forgotten.length > 0)
    throw invalid('every other input of the graph in otherInputs', `none for ${forgotten.join(', ')}`);
  return attacked;
}

/**
 * The attacked input, as the graph and `model.yaml` together say it.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when they disagree.
 */
export function describeInput(config: InputConfig, input: GraphValue): InputInfo {
  const shape = lengths(input);
  if (config.kind === 'features') {
    if (input.shape.length < 2)
      throw invalid('features of rank 2 or more, with a batch axis', `shape [${input.shape}]`);
    return { name: input.name, kind: 'features', shape, layout: 'NCHW', colorOrder: 'RGB', range: config.range };
  }
  if (input.shape.length !== 4) throw invalid('an image input of rank 4', `shape [${input.shape}]`);
  const channels = config.colorOrder === 'GREY' ? 1 : 3;
  const [height, width] = Array.isArray(config.size) ? config.size : [-1, -1];
  const wanted = config.layout === 'NCHW' ? [channels, height, width] : [height, width, channels];
  const merged = wanted.map((n, axis) => {
    const length = shape[axis] as number;
    if (n !== -1 && length !== -1 && n !== length) {
      throw invalid(
        `an input of shape [${wanted}] as model.yaml says (${config.layout} ${config.colorOrder})`,
        `[${shape}]`,
      );
    }
    return n === -1 ? length : n;
  });
  return {
    name: input.name,
    kind: 'image',
    shape: merged,
    layout: config.layout,
    colorOrder: config.colorOrder,
    range: [0, 255],
  };
}

/** The inputs that every example of a request must bring. */
export const extraInputsOf = (
  others: ModelConfig['otherInputs'],
  inputs: readonly GraphValue[],
): ModelInfo['extraInputs'] =>
  others.flatMap((other) =>
    'perRequest' in other ? [{ name: other.name, shape: lengths(declared(other.name, inputs)) }] : [],
  );

/** Number of channels of an image, where it is known. */
export function channelsOf({ kind, layout, shape }: InputInfo): number | undefined {
  const channels = kind === 'image' ? shape[layout === 'NCHW' ? 0 : 2] : undefined;
  return channels === -1 ? undefined : channels;
}

const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`);
