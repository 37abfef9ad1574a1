import type { OptimizerConfig } from '../training-config.js';
import { adam } from './adam.js';
import type { Optimizer } from './optimizer.js';
import { sgd } from './sgd.js';

/** The optimizer that a configuration names. */
export function optimizerOf(config: OptimizerConfig): Optimizer {
  switch (config.kind) {
    case 'sgd':
      return sgd(config);
    case 'adam':
      return adam(config);
  }
}
