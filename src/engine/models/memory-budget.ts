import { EngineError } from '../errors.js';
import type { Shape } from '../tensor/shape.js';

/**
 * Refuses a gradient program that would take more than it may.
 *
 * @param sizeBytes of the program, estimated
 * @throws EngineError `MEMORY_BUDGET_EXCEEDED`. Thrown when it would not fit.
 */
export function requireFit(sizeBytes: number, budgetBytes: number, batchSize: number, inputShape: Shape): void {
  if (sizeBytes <= budgetBytes) return;
  throw new EngineError(
    'MEMORY_BUDGET_EXCEEDED',
    `expected a gradient program of at most ${megabytes(budgetBytes)}, got one of about ${megabytes(sizeBytes)} for ` +
      `${batchSize} ${batchSize === 1 ? 'example' : 'examples'} of shape [${inputShape}]`,
  );
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 2 ** 20)} MiB`;
