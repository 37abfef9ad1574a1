import type { AttackFigures, Figure, GateOutcome, GateVerdict, TaskFigures } from '../result.js';
import type { Gate } from './resolve-gates.js';

/**
 * What the figures say of each gate. The value decides whether a gate passes, and the interval whether a miss is sure:
 *
 *   value meets the threshold                              pass, with a remark where the interval crosses it
 *   value misses it, and so does the whole interval        regression
 *   value misses it, and the interval crosses it           inconclusive: evaluate more examples
 *   no value, or an attack that is suspect                 inconclusive: never a pass
 *
 * A threshold is what a team wants to see, so that a gate does not demand to be proven: it would fail for lack of examples
 * night after night, and be switched off.
 */
export const judgeGates = (attacks: readonly AttackFigures[], gates: readonly Gate[]): readonly GateOutcome[] =>
  gates.map((gate) => ({ gate: gate.text, ...judge(attacks, gate) }));

type Judgement = Pick<GateOutcome, 'verdict' | 'message'>;

function judge(attacks: readonly AttackFigures[], gate: Gate): Judgement {
  const attack = gate.attack === undefined ? undefined : attacks[gate.attack];
  const [doubt] = attack?.doubts ?? [];
  if (attack?.verdict === 'suspect') {
    const reason = doubt === undefined ? '' : `: ${doubt.reason}, ${doubt.message}`;
    return inconclusive(`the figures of ${attack.spec} are suspect${reason}`);
  }
  const figure = figureOf(gate, attack === undefined ? attacks : [attack]);
  if (figure?.value === undefined) return inconclusive(`there is no ${gate.metric} of ${gate.task}`);
  return judgeFigure(gate, { ...figure, value: figure.value });
}

const inconclusive = (message: string): Judgement => ({ verdict: 'inconclusive', message });

/** The figure of the gate; without an attack, of the first attack that has one. */
function figureOf(gate: Gate, attacks: readonly AttackFigures[]): Figure | undefined {
  const own = attacks.flatMap(({ tasks }): TaskFigures[] => tasks.filter(({ task }) => task === gate.task));
  if (gate.attack !== undefined) return own[0]?.adversarial;
  return own.find(({ clean }) => clean.value !== undefined)?.clean;
}

function judgeFigure(gate: Gate, { value, lower, upper }: Figure & { readonly value: number }): Judgement {
  const isMet = meets(value, gate);
  const crosses = lower === undefined || upper === undefined || meets(lower, gate) !== meets(upper, gate);
  const verdict: GateVerdict = isMet ? 'pass' : crosses ? 'inconclusive' : 'regression';
  const interval =
    lower === undefined || upper === undefined ? 'no interval' : `95 % ${short(lower)} … ${short(upper)}`;
  const said = `${gate.metric} of ${gate.task} is ${short(value)} (${interval})`;
  const remark = crosses ? '; more examples are needed to be sure' : '';
  return { verdict, message: `${said}, expected ${gate.comparison} ${short(gate.threshold)}${remark}` };
}

function meets(value: number, { comparison, threshold }: Gate): boolean {
  switch (comparison) {
    case '>=':
      return value >= threshold;
    case '<=':
      return value <= threshold;
    case '>':
      return value > threshold;
    case '<':
      return value < threshold;
  }
}

const short = (value: number): string => String(Number(value.toPrecision(6)));
