import type { TrainingProgress } from '../../lab/index.js';
import { numberText } from '../format.js';
import type { Progress } from '../progress.js';

/** Shows how far a training is. */
export function showTraining(progress: Progress, event: TrainingProgress): void {
  switch (event.type) {
    case 'resumed':
      progress.log(`going on behind step ${event.step}`);
      return;
    case 'step': {
      const { record, total, etaSeconds } = event;
      const losses = Object.entries(record.losses);
      progress.update({
        phase: 'training',
        fraction: record.step / total,
        facts: [
          `step ${record.step}/${total}`,
          `loss ${numberText(record.loss)}`,
          ...losses.map(([task, loss]) => `${task} ${numberText(loss)}`),
          `rate ${record.learningRate.toPrecision(2)}`,
        ],
        etaSeconds,
        data: { step: record.step, steps: total, epoch: record.epoch, loss: record.loss, losses: record.losses },
      });
      return;
    }
    case 'validation': {
      const { step, losses, scores } = event.record;
      const facts = Object.entries(losses).map(
        ([task, loss]) => `${task} loss ${numberText(loss)} score ${numberText(scores[task] ?? 0)}`,
      );
      progress.log(`validation at step ${step}: ${facts.join(', ')}`);
      return;
    }
    case 'checkpoint':
      return;
  }
}
