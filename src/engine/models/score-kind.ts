import type { ScoreKind } from '../losses/score.js';
import type { TaskInfo } from './model-info.js';

/** How far gone an example is, by what its task is. */
export function scoreKind({ labelForm, metric }: Pick<TaskInfo, 'labelForm' | 'metric'>): ScoreKind {
  switch (labelForm) {
    case 'class':
      return 'margin';
    case 'class-map':
      return 'share-wrong';
    case 'multi-label':
      return 'share-wrong-bits';
    case 'numbers':
      return metric === 'mse' ? 'squared-error' : 'absolute-error';
  }
}
