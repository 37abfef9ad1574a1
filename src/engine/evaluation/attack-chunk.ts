import type { DatasetExample } from '../datasets/dataset.js';
import { EngineError } from '../errors.js';
import type { AttackSpecRequest } from '../runs/attack-spec.js';
import { isUnreadable } from './plan.js';
import type { AttackTarget, TargetCall, TargetEvent } from './target.js';

export type ChunkEvent =
  | TargetEvent
  /** An example that the target refuses. */
  | { readonly type: 'unfit'; readonly key: string; readonly reason: string };

/**
 * Attacks examples together. A target refuses a call for the sake of one bad example: then those without a result are
 * halved until it stands alone, which costs little, for what is refused is not computed.
 *
 * @throws EngineError as the target does for any other reason.
 * @throws EngineError `INTERNAL`. Thrown when the target ends without a result for each example.
 */
export async function* attackChunk(
  target: AttackTarget,
  request: AttackSpecRequest,
  examples: readonly DatasetExample[],
  call: TargetCall,
): AsyncGenerator<ChunkEvent, void, void> {
  const left = new Map(examples.map((example) => [example.key, example]));
  try {
    for await (const event of target.attack(request, examples, call)) {
      if (event.type === 'result') left.delete(event.result.key);
      yield event;
    }
  } catch (error) {
    const rest = [...left.values()];
    const [only, ...others] = rest;
    if (only === undefined || !isOfExamples(error)) throw error;
    if (others.length === 0 && examples.length === 1) {
      yield { type: 'unfit', key: only.key, reason: error.message };
      return;
    }
    const middle = Math.ceil(rest.length / 2);
    for (const half of [rest.slice(0, middle), rest.slice(middle)]) {
      if (half.length > 0) yield* attackChunk(target, request, half, call);
    }
    return;
  }
  const [missing] = left.keys();
  if (missing !== undefined)
    throw new EngineError('INTERNAL', `expected a result for every example, got none for ${missing}`);
}

/** Whether a call was refused for its examples, and not for the attack. */
function isOfExamples(error: unknown): error is EngineError {
  if (isUnreadable(error)) return true;
  if (!(error instanceof EngineError) || error.code !== 'INVALID_REQUEST') return false;
  const { violations = [] } = error.details;
  return violations.length > 0 && violations.every(({ field }) => field.startsWith('examples['));
}
