import { EngineError, type FieldViolation, Violations } from '../../engine/index.js';

/**
 * Runs several checks of one request and gives what they give, so that the client is told of all that is wrong at once and not
 * of the first part of it.
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when some of them threw it, with the violations of all.
 * @throws whatever else one of them threw.
 */
export async function together<A, B>(first: () => Promise<A>, second: () => B | Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first(), (async () => second())()]);
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return [a.value, b.value];
  const violations = new Violations();
  for (const result of [a, b]) {
    if (result.status === 'fulfilled') continue;
    for (const { field, description } of violationsOf(result.reason)) violations.add(field, description);
  }
  violations.throwIfAny('INVALID_REQUEST');
  throw new EngineError('INTERNAL', 'expected a violation, got none');
}

/**
 * What `read` gives; `undefined`, with its violations added to the others, when it throws them.
 *
 * @throws whatever else it throws.
 */
export function gathering<T>(violations: Violations, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    for (const { field, description } of violationsOf(error)) violations.add(field, description);
    return undefined;
  }
}

function violationsOf(error: unknown): readonly FieldViolation[] {
  const violations =
    error instanceof EngineError && error.code === 'INVALID_REQUEST' ? error.details.violations : undefined;
  if (violations === undefined || violations.length === 0) throw error;
  return violations;
}
