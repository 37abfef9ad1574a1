import type { AttackFigures, Figure } from './result.js';

/** One task under attacks that differ in ε alone. */
export interface EpsilonCurve {
  /** What the attacks have in common, with `eps=…` left open. */
  readonly spec: string;
  readonly task: string;
  readonly metric: string;
  readonly unit: string;
  readonly higherIsBetter: boolean;
  /** By ε, in ascending order; the first is ε = 0, without an attack, with the figure of its attack of smallest ε. */
  readonly points: readonly { readonly epsilon: number; readonly figure: Figure; readonly isSuspect: boolean }[];
}

/** Metrics as functions of ε, for each task and each group of at least two attacks that differ in ε only. */
export function epsilonCurves(attacks: readonly AttackFigures[]): readonly EpsilonCurve[] {
  const groups = new Map<string, AttackFigures[]>();
  for (const attack of attacks) {
    const common = attack.spec.replace(/([(,])eps=[^,)]*/, '$1eps=…');
    groups.set(common, [...(groups.get(common) ?? []), attack]);
  }
  return [...groups].flatMap(([spec, group]) => {
    const sorted = group.toSorted((a, b) => a.epsilon - b.epsilon);
    return sorted.length < 2 ? [] : curvesOf(spec, sorted);
  });
}

function curvesOf(spec: string, group: readonly AttackFigures[]): readonly EpsilonCurve[] {
  return (group[0]?.tasks ?? []).map(({ task, metric, unit, higherIsBetter, clean }) => {
    const attacked = group.flatMap(({ epsilon, tasks, verdict }) => {
      const figure = tasks.find((other) => other.task === task)?.adversarial;
      return figure === undefined ? [] : [{ epsilon, figure, isSuspect: verdict === 'suspect' }];
    });
    const isCleanThere = attacked[0]?.epsilon === 0;
    const points = isCleanThere ? attacked : [{ epsilon: 0, figure: clean, isSuspect: false }, ...attacked];
    return { spec, task, metric, unit, higherIsBetter, points };
  });
}
