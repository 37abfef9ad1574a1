import { EngineError } from '../../errors.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { ExtraInputs } from '../network.js';
import type { Definition } from './definition.js';
import type { OriginalFeed } from './original.js';

/**
 * What an input of the graph gets.
 *
 * @param input for the one that is attacked
 * @throws EngineError `INVALID_REQUEST`. Thrown when a request brings nothing for an input that has no constant.
 */
export function feedOf(
  name: string,
  input: Tensor,
  extraInputs: ExtraInputs,
  { info, config }: Pick<Definition, 'info' | 'config'>,
): OriginalFeed['tensor'] {
  if (name === info.input.name) return input;
  const given = extraInputs.get(name);
  if (given !== undefined) return given;
  const other = config.otherInputs.find((candidate) => candidate.name === name);
  if (other === undefined || !('value' in other)) {
    throw new EngineError('INVALID_REQUEST', `expected a tensor for the input ${name}, got none`);
  }
  return { constant: [other.value].flat() };
}
