import type { AttackProgress } from '../runs/events.js';
import type { EvaluateOptions, EvaluationProgress } from './evaluation-events.js';
import type { PreparedEvaluation, SuiteAttack } from './plan.js';

/** Gradient evaluations that judging an example before and after costs, about. */
const JUDGING = 2;

/** How far an evaluation is, and how long it takes still: an example of an attack counts by its steps. */
export class EvaluationPace {
  readonly #prepared: PreparedEvaluation;
  readonly #now: () => number;
  readonly #startMs: number;
  /** Examples of each attack that this run has to do. */
  readonly #todo: readonly number[];
  readonly #totalWork: number;
  #attack = 0;
  /** Of this attack, by this run. */
  #finished = 0;
  #workDone = 0;
  /** Work that took no time, which says nothing about the pace. */
  #workSaved = 0;

  constructor(prepared: PreparedEvaluation, { done, now }: Pick<EvaluateOptions, 'done' | 'now'>) {
    const { suite, examples } = prepared;
    this.#prepared = prepared;
    this.#now = now;
    this.#startMs = now();
    this.#todo = suite.map((_, attack) => examples.filter(({ index }) => !done(attack, index)).length);
    this.#totalWork = suite.reduce((sum, attack, i) => sum + workOf(attack) * (this.#todo[i] ?? 0), 0);
  }

  begin(attack: number): void {
    this.#attack = attack;
    this.#finished = 0;
  }

  /** An example was attacked. */
  attacked(): void {
    this.#finished++;
    this.#workDone += this.#workOfOne;
  }

  /** Examples need not be attacked after all. */
  skipped(count: number): void {
    this.#finished += count;
    this.#workSaved += count * this.#workOfOne;
  }

  progress(target?: AttackProgress): EvaluationProgress {
    const { suite, examples } = this.#prepared;
    const elapsedSeconds = (this.#now() - this.#startMs) / 1000;
    const done = this.#workDone + (target === undefined ? 0 : startedExamples(target) * this.#workOfOne);
    const left = this.#totalWork - this.#workSaved - done;
    return {
      attack: this.#attack,
      attacks: suite.length,
      spec: suite[this.#attack]?.text ?? '',
      examplesDone: examples.length - (this.#todo[this.#attack] ?? 0) + this.#finished,
      examplesTotal: examples.length,
      elapsedSeconds,
      etaSeconds: done === 0 ? undefined : (elapsedSeconds * Math.max(0, left)) / done,
      target,
    };
  }

  get #workOfOne(): number {
    const attack = this.#prepared.suite[this.#attack];
    return attack === undefined ? 0 : workOf(attack);
  }
}

const workOf = ({ spec: { parameters } }: SuiteAttack): number => parameters.steps * parameters.restarts + JUDGING;

/** How many examples those that run now are worth, by their share of steps. */
function startedExamples({ examplesDone, examplesTotal, elapsedSeconds, etaSeconds }: AttackProgress): number {
  if (etaSeconds === undefined || elapsedSeconds + etaSeconds === 0) return 0;
  const share = elapsedSeconds / (elapsedSeconds + etaSeconds);
  return Math.max(0, share * examplesTotal - examplesDone);
}
