import {
  type AttackFigures,
  type BaselineComparison,
  compareWithBaseline,
  type Doubt,
  type EvaluationIdentity,
  type ExampleSums,
  type GateOutcome,
} from '../../engine/index.js';
import type { ProbeRun, ProbeVerdict } from './probe-run.js';

/** What a run is judged by. */
export interface Evidence {
  readonly evaluation: {
    readonly identity: EvaluationIdentity;
    readonly attacks: readonly AttackFigures[];
    readonly examples: readonly ExampleSums[];
  };
  /** The last good run with the same examples and attacks, if there is one. */
  readonly baseline: (Evidence['evaluation'] & { readonly run: ProbeRun }) | undefined;
  /** Loss against it that is let pass: of a ratio itself, of an error relative to what it was. */
  readonly tolerance: number;
  readonly gates: readonly GateOutcome[];
}

export interface Judgement {
  readonly verdict: Exclude<ProbeVerdict, 'failed'>;
  readonly reason: string;
  readonly message: string;
  readonly doubts: readonly Doubt[];
}

/**
 * What to think of a run. Figures that cannot be trusted are suspect whatever they say; else it is a regression where a gate is
 * surely missed, or a task, with or without an attack, is worse than in the last good run by a paired test and by more than the
 * tolerance. What too few examples leave open is let pass with a remark: it would ring night after night.
 */
export function judgeRun({ evaluation, baseline, tolerance, gates }: Evidence): Judgement {
  const doubts = doubtsOf(evaluation.attacks);
  const [doubt] = doubts;
  if (doubt !== undefined) return { verdict: 'suspect', reason: doubt.reason, message: doubt.message, doubts };
  const missed = gates.filter(({ verdict }) => verdict === 'regression');
  const fallen =
    baseline === undefined ? [] : fallenTasks(compareWithBaseline(baseline, evaluation), evaluation, tolerance);
  const [reason] = [
    ...missed.map(({ gate }) => gate),
    ...fallen.map(({ task, metric, spec }) => `${task}.${metric} @ ${spec}`),
  ];
  if (reason !== undefined) {
    const since = fallen.length === 0 ? [] : [`compared with run ${baseline?.run.runId ?? ''}`];
    const messages = [...missed.map(({ message }) => message), ...fallen.map(({ message }) => message), ...since];
    return { verdict: 'regression', reason, message: messages.join('; '), doubts };
  }
  const open = gates
    .filter(({ verdict }) => verdict === 'inconclusive')
    .map(({ gate, message }) => `${gate}: ${message}`);
  return { verdict: 'ok', reason: '', message: open.join('; '), doubts };
}

/** Of every attack, one of each reason. */
function doubtsOf(attacks: readonly AttackFigures[]): readonly Doubt[] {
  const all = attacks.flatMap(({ spec, verdict, doubts }): Doubt[] => {
    if (verdict === 'ok') return [];
    const unnamed = [{ reason: 'SUSPECT', message: 'the figures should not be trusted' }];
    return (doubts.length === 0 ? unnamed : doubts).map(({ reason, message }) => ({
      reason,
      message: `${spec}: ${message}`,
    }));
  });
  return all.filter(({ reason }, i) => all.findIndex((other) => other.reason === reason) === i);
}

function fallenTasks(
  { tasks }: BaselineComparison,
  { attacks }: Evidence['evaluation'],
  tolerance: number,
): BaselineComparison['tasks'] {
  const figures = new Map(attacks.flatMap((attack) => attack.tasks.map((task) => [task.task, task] as const)));
  return tasks.filter(({ task, verdict, before, after }) => {
    const { higherIsBetter = true, unit = '' } = figures.get(task) ?? {};
    const loss = higherIsBetter ? before - after : after - before;
    const isRatio = higherIsBetter && unit === '';
    return verdict === 'regression' && loss > tolerance * (isRatio ? 1 : Math.abs(before));
  });
}
