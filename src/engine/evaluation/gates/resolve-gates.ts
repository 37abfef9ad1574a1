import { EngineError } from '../../errors.js';
import { findMetric } from '../../metrics/measures/index.js';
import type { FigureTask } from '../figures.js';
import { matchAttacks } from './match-attack.js';
import { type Comparison, parseGate, type WrittenGate } from './parse-gate.js';

/** A gate of an evaluation: a bound on one figure. */
export interface Gate {
  /** As it was given. */
  readonly text: string;
  /** Place of the attack in the suite; `undefined` for the figure without an attack. */
  readonly attack: number | undefined;
  readonly task: string;
  readonly metric: string;
  readonly comparison: Comparison;
  readonly threshold: number;
}

/**
 * Gates held against what will be evaluated, so that a bad one is told before anything runs.
 *
 * @param suite text forms of the attacks
 * @throws EngineError `INVALID_OPTION`. Thrown when a gate is no gate, or names a task, a metric or an attack that there is
 *   not, or more than one attack.
 */
export const resolveGates = (
  gates: readonly string[],
  suite: readonly string[],
  tasks: readonly Pick<FigureTask, 'name' | 'metric'>[],
): readonly Gate[] => gates.map((text) => resolveGate(parseGate(text), suite, tasks));

function resolveGate(
  gate: WrittenGate,
  suite: readonly string[],
  tasks: readonly Pick<FigureTask, 'name' | 'metric'>[],
): Gate {
  const { text, comparison, threshold } = gate;
  const refuse = (expected: string, got: string): never => {
    throw new EngineError('INVALID_OPTION', `expected ${expected} in the gate ${text}, got ${got}`);
  };
  const names = tasks.map(({ name }) => name).join(', ');
  const task = tasks.find(({ name }) => name === gate.task) ?? refuse(`a task (${names})`, gate.task);
  if (gate.metric !== task.metric) refuse(`${task.metric}, the metric of ${task.name}`, gate.metric);
  if (gate.isPercent && !findMetric(task.metric).isRatio) refuse(`no % on ${task.metric}, which is no ratio`, '%');
  const figure = { text, task: task.name, metric: task.metric, comparison, threshold };
  if (gate.condition === 'clean') return { ...figure, attack: undefined };
  const found = matchAttacks(gate.condition, suite);
  const [attack, ...others] = found;
  if (attack === undefined) return refuse(`an attack of the suite (${suite.join('; ')})`, gate.condition);
  if (others.length === 0) return { ...figure, attack };
  const meant = found.map((i) => suite[i]).join('; ');
  return refuse('exactly one attack', `${gate.condition || 'none'}, which may mean ${meant}`);
}
