import { type AttackSpecRequest, parseSpec, type Shard } from '../../engine/index.js';
import { type CliContext, UsageError } from '../context.js';

/** What is attacked with where nothing is said: fewer steps would flatter. */
const DEFAULT_ATTACK = 'pgd(steps=50)';

/**
 * The attacks of a suite: each of the texts, and where it does not state ε itself, at each of the radii.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when a text is no attack.
 */
export function suiteOf(
  texts: readonly string[] = [DEFAULT_ATTACK],
  epsilons: readonly number[] = [],
): readonly AttackSpecRequest[] {
  return texts.map(parseSpec).flatMap((attack) => {
    if (attack.parameters.epsilon !== undefined || epsilons.length === 0) return [attack];
    return epsilons.map((epsilon) => ({ ...attack, parameters: { ...attack.parameters, epsilon } }));
  });
}

/**
 * `2/8` is the third of eight shards, and `auto/8` the one that Kubernetes says.
 *
 * @throws UsageError. Thrown when it is no shard, or nobody says which.
 */
export function shardOf(text: string, { JOB_COMPLETION_INDEX: completion }: CliContext['env']): Shard {
  const [, written = '', total = ''] = /^(\d+|auto)\/(\d+)$/.exec(text) ?? [];
  if (written === 'auto' && completion === undefined) {
    throw new UsageError('expected JOB_COMPLETION_INDEX in the environment beside --shard auto/N, got none');
  }
  const index = Number(written === 'auto' ? completion : written);
  const count = Number(total);
  if (written === '' || !(Number.isInteger(index) && index < count)) {
    const got = written === 'auto' ? `${completion}/${total}` : text;
    throw new UsageError(`expected a shard such as 0/3, 1/3, 2/3 or auto/3, got ${got}`);
  }
  return { index, count };
}
