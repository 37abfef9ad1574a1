import { type AttackProgress, type GradientNormProgress, RunPhase } from '../clients/index.js';
import { enumName, numberText } from './format.js';
import { plain } from './json.js';
import type { ProgressState } from './progress.js';

const phaseOf = (phase: RunPhase, queuePosition: number): string => {
  const name = enumName(RunPhase, phase).toLowerCase();
  return phase === RunPhase.QUEUED ? `${name}, ${queuePosition} ahead` : name;
};

const dataOf = (progress: AttackProgress | GradientNormProgress): Record<string, unknown> =>
  plain(progress) as Record<string, unknown>;

/** Progress of an attack for the eye: the steps of the examples that run now. */
export function attackState(progress: AttackProgress): ProgressState {
  const { phase, step, steps, restart, restarts, examplesDone, examplesTotal, losses } = progress;
  const isRunning = phase === RunPhase.ATTACKING && steps > 0;
  return {
    phase: phaseOf(phase, progress.queuePosition),
    fraction: isRunning ? (restart * steps + step) / (Math.max(1, restarts) * steps) : undefined,
    facts: [
      ...(isRunning ? [`step ${step}/${steps}`] : []),
      ...(restarts > 1 ? [`restart ${restart + 1}/${restarts}`] : []),
      `examples ${examplesDone}/${examplesTotal}`,
      ...(isRunning ? losses.map(({ task, value }) => `${task} ${numberText(value)}`) : []),
    ],
    etaSeconds: progress.etaSeconds,
    data: dataOf(progress),
  };
}

/** Progress of a measurement of gradients for the eye. */
export function gradientNormState(progress: GradientNormProgress): ProgressState {
  const { gradientsDone, gradientsTotal } = progress;
  return {
    phase: phaseOf(progress.phase, progress.queuePosition),
    fraction: gradientsTotal > 0 ? gradientsDone / gradientsTotal : undefined,
    facts: [`gradients ${gradientsDone}/${gradientsTotal}`],
    etaSeconds: progress.etaSeconds,
    data: dataOf(progress),
  };
}
