import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CallKind, ComputeGate } from '../../engine/index.js';

/** What a run is: predictions go before attacks, attacks before probes. */
export type Priority = 'predict' | 'attack' | 'probe';

/** A run that native calls are made for. */
export interface ScheduledRun {
  readonly runId: string;
  readonly priority: Priority;
  /** `name@version`. */
  readonly model: string;
}

/** Told of each native call, before and after. */
export interface CallObserver {
  begin(run: ScheduledRun, kind: CallKind, estimateMs: number): void;
  end(run: ScheduledRun, kind: CallKind): void;
}

interface Waiting {
  readonly run: ScheduledRun;
  readonly start: () => Promise<void>;
}

/** Share of the steps of attacks and probes that probes get at least, where nothing else is said. */
export const DEFAULT_PROBE_SHARE = 0.1;

/** Keeps 1 / share − 1 from falling below the whole number that it stands for. */
const ROUNDING = 1e-9;

/**
 * Makes native calls one at a time: predictions first; then a step of each attack in turn; probes when no attack waits, but
 * at least as often as their share says, so that constant attacks cannot starve them. Between two calls the event loop turns,
 * so that cancels and predictions get in.
 */
export class StepScheduler {
  readonly #observer: CallObserver;
  /** Most steps of attacks between two of a probe that waits. */
  readonly #attackStepsPerProbeStep: number;
  readonly #waiting: Waiting[] = [];
  readonly #runs = new Set<ScheduledRun>();
  /** When each run was served last, in calls. */
  readonly #lastServed = new Map<ScheduledRun, number>();
  #calls = 0;
  #attackStepsSinceProbe = 0;
  #isRunning = false;

  /** @param probeShare of the steps of attacks and probes, above 0 and at most 1 */
  constructor(observer: CallObserver, probeShare = DEFAULT_PROBE_SHARE) {
    this.#observer = observer;
    this.#attackStepsPerProbeStep = Math.floor(1 / probeShare - 1 + ROUNDING);
  }

  /** A gate for the calls of a run, until `leave` is called. */
  enter(run: ScheduledRun): ComputeGate & { leave(): void } {
    this.#runs.add(run);
    const runs = this.#runs;
    return {
      get sharing() {
        return Math.max(1, [...runs].filter(({ priority }) => priority !== 'predict').length);
      },
      run: (kind, estimateMs, signal, call) => this.#schedule(run, kind, estimateMs, signal, call),
      leave: () => {
        this.#runs.delete(run);
        this.#lastServed.delete(run);
      },
    };
  }

  #schedule<T>(
    run: ScheduledRun,
    kind: CallKind,
    estimateMs: number,
    signal: AbortSignal,
    call: () => Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const entry: Waiting = {
        run,
        start: async () => {
          signal.removeEventListener('abort', onAbort);
          this.#observer.begin(run, kind, estimateMs);
          try {
            // Lets the announcement out before the process falls silent.
            await nextTurn();
            resolve(await call());
          } catch (error) {
            reject(error);
          } finally {
            this.#observer.end(run, kind);
          }
        },
      };
      const onAbort = (): void => {
        const index = this.#waiting.indexOf(entry);
        if (index >= 0) this.#waiting.splice(index, 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(entry);
      void this.#work();
    });
  }

  async #work(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      for (let next = this.#take(); next !== undefined; next = this.#take()) {
        this.#lastServed.set(next.run, this.#calls++);
        await next.start();
        await nextTurn();
      }
    } finally {
      this.#isRunning = false;
    }
  }

  #take(): Waiting | undefined {
    const priority = this.#nextPriority();
    if (priority === undefined) return undefined;
    if (priority === 'attack') this.#attackStepsSinceProbe++;
    if (priority === 'probe') this.#attackStepsSinceProbe = 0;
    const candidates = this.#waiting.filter(({ run }) => run.priority === priority);
    const served = ({ run }: Waiting): number => this.#lastServed.get(run) ?? -1;
    const chosen = candidates.reduce((first, other) => (served(other) < served(first) ? other : first));
    this.#waiting.splice(this.#waiting.indexOf(chosen), 1);
    return chosen;
  }

  #nextPriority(): Priority | undefined {
    const waits = (priority: Priority): boolean => this.#waiting.some(({ run }) => run.priority === priority);
    if (waits('predict')) return 'predict';
    const isDue = this.#attackStepsSinceProbe >= this.#attackStepsPerProbeStep;
    if (waits('probe') && (isDue || !waits('attack'))) return 'probe';
    if (waits('attack')) return 'attack';
    return undefined;
  }
}
