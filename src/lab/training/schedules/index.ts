import type { OptimizerConfig, ScheduleConfig } from '../training-config.js';
import { constant } from './constant.js';
import { multiStep } from './multi-step.js';
import { oneCycle } from './one-cycle.js';
import { poly } from './poly.js';
import type { Schedule } from './schedule.js';
import { step } from './step.js';

/** The schedule that a configuration names, from the learning rate of its optimizer. */
export function scheduleOf(config: ScheduleConfig, { learningRate }: Pick<OptimizerConfig, 'learningRate'>): Schedule {
  switch (config.kind) {
    case 'constant':
      return constant(learningRate);
    case 'step':
      return step(learningRate, config);
    case 'multi-step':
      return multiStep(learningRate, config);
    case 'poly':
      return poly(learningRate, config);
    case 'one-cycle':
      return oneCycle({ ...config, maxLearningRate: config.maxLearningRate ?? learningRate });
  }
}
