import type { EngineError } from '../../engine/index.js';
import { Changes } from '../changes.js';
import type { ProbeConfig } from './probe-config.js';
import type { ProbeRun, ProbeTrigger } from './probe-run.js';

/** One run of a probe on one version of a model, before it began. */
export interface ProbeTask {
  readonly runId: string;
  readonly probe: ProbeConfig;
  readonly model: string;
  readonly version: string;
  readonly trigger: ProbeTrigger;
}

/** How far a run is. */
export interface ProbeProgress {
  /** Place of the attack that runs, from 0 on, and how many there are. */
  readonly attack: number;
  readonly attacks: number;
  /** That attack in the text form; empty before the first. */
  readonly spec: string;
  /** Examples of all attacks together. */
  readonly examplesDone: number;
  readonly examplesTotal: number;
  readonly etaSeconds: number | undefined;
}

export type TaskState =
  /** As many runs must end before. */
  | { readonly phase: 'queued'; readonly position: number }
  | { readonly phase: 'running'; readonly progress: ProbeProgress | undefined }
  | { readonly phase: 'finished'; readonly run: ProbeRun }
  /** It leaves no run behind. */
  | { readonly phase: 'dropped'; readonly error: unknown };

/** A task that waits, runs or has ended, to be followed. */
export interface FollowedTask {
  readonly task: ProbeTask;
  readonly state: TaskState;
  /** Resolved when the state is another one, or the signal is aborted. */
  moved(signal?: AbortSignal): Promise<void>;
}

/**
 * Does a task to its end, and gives its run once that is in the history.
 *
 * @throws the signal's reason. Thrown when the gateway ends before the task.
 */
export type PerformTask = (
  task: ProbeTask,
  signal: AbortSignal,
  tell: (progress: ProbeProgress) => void,
) => Promise<ProbeRun>;

class Entry implements FollowedTask {
  readonly task: ProbeTask;
  readonly controller = new AbortController();
  state: TaskState;
  readonly #changes = new Changes();

  constructor(task: ProbeTask, position: number) {
    this.task = task;
    this.state = { phase: 'queued', position };
  }

  moved(signal?: AbortSignal): Promise<void> {
    return this.#changes.next(signal);
  }

  moveTo(state: TaskState): void {
    this.state = state;
    this.#changes.tell();
  }
}

const isSame = (one: ProbeTask, other: ProbeTask): boolean =>
  one.probe.name === other.probe.name && one.model === other.model && one.version === other.version;

/**
 * One run at a time, in order; those of new versions first, for traffic may wait for them. A probe never overlaps itself: while it
 * waits or runs on a version, no second run of it is taken.
 */
export class ProbeQueue {
  readonly #perform: PerformTask;
  readonly #waiting: Entry[] = [];
  #running: Entry | undefined;
  #work: Promise<void> = Promise.resolve();
  #ended: EngineError | undefined;

  constructor(perform: PerformTask) {
    this.#perform = perform;
  }

  /** Those that run and wait, in order. */
  get tasks(): readonly FollowedTask[] {
    return this.#running === undefined ? this.#waiting : [this.#running, ...this.#waiting];
  }

  /** The task of the same probe on the same version that runs or waits. */
  find(task: ProbeTask): FollowedTask | undefined {
    return this.tasks.find((entry) => isSame(entry.task, task));
  }

  /**
   * Takes a task that `find` does not find.
   *
   * @throws EngineError `DRAINING`. Thrown when the queue has ended.
   */
  add(task: ProbeTask): FollowedTask {
    if (this.#ended !== undefined) throw this.#ended;
    const entry = new Entry(task, this.tasks.length);
    const firstOther = this.#waiting.findIndex(({ task: { trigger } }) => trigger !== 'new-version');
    if (task.trigger === 'new-version' && firstOther !== -1) this.#waiting.splice(firstOther, 0, entry);
    else this.#waiting.push(entry);
    this.#renumber();
    if (this.#running === undefined) this.#begin();
    return entry;
  }

  #renumber(): void {
    const ahead = this.#running === undefined ? 0 : 1;
    for (const [i, entry] of this.#waiting.entries()) {
      const { state } = entry;
      if (state.phase !== 'queued' || state.position !== i + ahead)
        entry.moveTo({ phase: 'queued', position: i + ahead });
    }
  }

  #begin(): void {
    this.#running = this.#waiting.shift();
    this.#renumber();
    if (this.#running !== undefined) this.#work = this.#do(this.#running);
  }

  async #do(entry: Entry): Promise<void> {
    entry.moveTo({ phase: 'running', progress: undefined });
    const tell = (progress: ProbeProgress): void => entry.moveTo({ phase: 'running', progress });
    const end = await this.#perform(entry.task, entry.controller.signal, tell).then(
      (run): TaskState => ({ phase: 'finished', run }),
      (error: unknown): TaskState => ({ phase: 'dropped', error }),
    );
    this.#begin();
    entry.moveTo(end);
  }

  /** Ends the task that runs, and drops those that wait; nothing of them is left behind. */
  async close(reason: EngineError): Promise<void> {
    this.#ended ??= reason;
    for (const entry of this.#waiting.splice(0)) entry.moveTo({ phase: 'dropped', error: reason });
    this.#running?.controller.abort(reason);
    await this.#work;
  }
}
