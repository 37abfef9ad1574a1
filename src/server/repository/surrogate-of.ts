import { type AttackSpec, needsGradient } from '../../engine/index.js';
import type { ModelRef } from '../../host/index.js';
import type { HeldModel } from './repository.js';

/**
 * Whose gradients an attack on a model takes, where not its own.
 *
 * @throws EngineError `MODEL_NOT_FOUND`, `MODEL_NOT_READY`. Thrown when the surrogate that `model.yaml` names does not take calls.
 */
export function surrogateOf(spec: AttackSpec, model: Pick<HeldModel, 'surrogate'>): ModelRef | undefined {
  const info = needsGradient(spec) ? model.surrogate() : undefined;
  return info && { name: info.name, version: info.version };
}
