import { access, constants } from 'node:fs/promises';
import { Violations } from '../engine/index.js';
import type { GatewayConfig } from './config.js';

/**
 * Looks for what a configuration names on disk, beside what `parseGatewayConfig` can judge.
 *
 * @throws EngineError `INVALID_CONFIG`. Thrown when the root of a dataset is missing or may not be read.
 */
export async function checkPaths({ datasets }: Pick<GatewayConfig, 'datasets'>): Promise<void> {
  const violations = new Violations();
  for (const [name, { root }] of Object.entries(datasets)) {
    const problem = await access(root, constants.R_OK).then(
      () => undefined,
      (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? 'nothing' : error.code),
    );
    violations.expect(problem === undefined, `datasets.${name}.root`, `expected to read ${root}, got ${problem}`);
  }
  violations.throwIfAny('INVALID_CONFIG');
}
