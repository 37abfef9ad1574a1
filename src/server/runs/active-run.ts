import { EngineError } from '../../engine/index.js';
import { Changes } from '../changes.js';
import type { StreamMessage } from '../grpc/handlers.js';
import type { Logger } from '../logger.js';
import { type RunCodec, type RunResponse, type RunStep, stepOf } from './run-codec.js';
import type { NewRun, RunChange, RunStateName } from './run-row.js';
import type { RunStore } from './run-store.js';

export interface ActiveRunOptions<Response extends RunResponse> {
  readonly store: RunStore;
  readonly codec: RunCodec<Response>;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly isKept: boolean;
  readonly isDetached: boolean;
  readonly requestDigest: string | undefined;
  /** Ends the computation; the reason is the error that readers get. */
  readonly stop: (reason: EngineError) => void;
}

/** A run that is under way: keeps its row, and where its results are kept its messages, in step with what it says. */
export class ActiveRun<Response extends RunResponse = RunResponse> {
  readonly #options: ActiveRunOptions<Response>;
  /** Messages of the result that is being told: they are stored together with its last. */
  #pending: Uint8Array[] = [];
  #sequence: number | undefined;
  #state: RunStateName = 'queued';
  #examplesDone = 0;
  #messageCount = 0;
  #progress: Response | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** Why it was told to end. */
  #stopReason: EngineError | undefined;
  #isOver = false;
  #isDetached: boolean;
  #readers = 0;
  readonly #changes = new Changes();

  constructor(options: ActiveRunOptions<Response>) {
    this.#options = options;
    this.#isDetached = options.isDetached;
  }

  get codec(): RunCodec<Response> {
    return this.#options.codec;
  }

  get isKept(): boolean {
    return this.#options.isKept;
  }

  get requestDigest(): string | undefined {
    return this.#options.requestDigest;
  }

  get isDetached(): boolean {
    return this.#isDetached;
  }

  get examplesDone(): number {
    return this.#examplesDone;
  }

  /** The newest progress, until something that stays was said after it. */
  get progress(): Response | undefined {
    return this.#progress;
  }

  /** Messages that are stored. */
  get messageCount(): number {
    return this.#messageCount;
  }

  /** Whether it was told to end. */
  get isStopping(): boolean {
    return this.#stopReason !== undefined;
  }

  /** Whether nothing comes any more. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Why it ended without a summary. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** The run has its place, and from now on a row. */
  admitted(run: NewRun): void {
    this.#sequence = this.#options.store.insert(run);
    this.#state = run.state;
  }

  /** A message that was stored, from 0 on. */
  message(position: number): Response {
    const { store, codec } = this.#options;
    const bytes = this.#sequence === undefined ? undefined : store.message(this.#sequence, position);
    if (bytes === undefined)
      throw new EngineError('RESULTS_NOT_KEPT', 'expected stored results, got ones that made room');
    return codec.decode(bytes);
  }

  /**
   * Takes what the run says. Once it has returned, what is not progress may be told: the store has it, where it must.
   *
   * @throws the reason why it was told to end. Thrown when it was.
   */
  take({ message, isProgress }: StreamMessage<Response>): void {
    // After a cancel there is no further result, even if one was on its way.
    if (this.#stopReason !== undefined) throw this.#stopReason;
    if (this.#isOver) throw new EngineError('CANCELLED', 'expected a run that goes on, got one that is over');
    const step = stepOf(message);
    const change = this.#changeOf(step);
    if (isProgress) {
      if (change.state !== undefined) this.#write([], change);
      this.#progress = message;
    } else {
      if (this.isKept) this.#pending.push(this.codec.encode(message));
      if (step.type === 'chunk') return;
      const isWritten = this.isKept || change.state !== undefined;
      if (isWritten) this.#write(this.#pending, change);
      this.#pending = [];
      this.#progress = undefined;
      this.#examplesDone = change.examplesDone ?? this.#examplesDone;
    }
    this.#changes.tell();
  }

  #changeOf(step: RunStep): RunChange {
    if (step.type === 'started' || step.type === 'queued') return {};
    const nowMs = this.#options.now();
    const begun: RunChange = this.#state === 'queued' ? { state: 'running', startedMs: nowMs } : {};
    if (step.type === 'result') return { ...begun, examplesDone: this.#examplesDone + 1 };
    if (step.type !== 'summary') return begun;
    const { terminatedBy } = step;
    return { ...begun, state: 'completed', terminatedBy, finishedMs: nowMs, examplesDone: this.#examplesDone };
  }

  #write(messages: readonly Uint8Array[], change: RunChange): void {
    if (this.#sequence === undefined) throw new EngineError('INTERNAL', 'expected a run that was admitted, got none');
    const { store } = this.#options;
    if (messages.length > 0) store.append(this.#sequence, messages, change);
    else if (this.isKept) store.update(this.#sequence, change);
    else store.updateUnhurried(this.#sequence, change);
    this.#messageCount += messages.length;
    this.#state = change.state ?? this.#state;
  }

  /** Says that the run goes on without readers. */
  detach(): void {
    if (this.#isDetached) return;
    this.#isDetached = true;
    if (this.#sequence !== undefined) this.#options.store.update(this.#sequence, { isDetached: true });
  }

  /** Ends the computation, within one step, unless all is said. */
  stop(reason: EngineError): void {
    if (this.isStopping || this.#isOver || this.#state === 'completed') return;
    this.#stopReason = reason;
    this.#options.stop(reason);
  }

  /** Nothing comes any more: the first word counts. Without an error and without a summary it was left. */
  end(error?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#state !== 'completed')
      this.#fail(error ?? new EngineError('CANCELLED', 'expected a reader, but it is gone'));
    this.#changes.tell();
  }

  #fail(error: unknown): void {
    this.#failure = { error };
    if (this.#sequence === undefined) return;
    const { code, message } = factsOf(error);
    try {
      this.#write([], {
        state: code === 'CANCELLED' ? 'cancelled' : 'failed',
        errorCode: code,
        errorMessage: message,
        examplesDone: this.#examplesDone,
        finishedMs: this.#options.now(),
      });
    } catch (cause) {
      // The next start finds it under way, and says that it failed.
      this.#options.log.error({ error: cause }, 'the end of a run could not be stored');
    }
  }

  /** A reader comes. Returns what it does when it leaves: the last one ends a run that is not detached. */
  enter(): () => void {
    this.#readers++;
    return () => {
      if (--this.#readers > 0 || this.#isDetached) return;
      this.stop(new EngineError('CANCELLED', 'expected a reader, but the last one is gone'));
    };
  }

  /** Resolved when the run says something more, or the signal is aborted. */
  changed(signal: AbortSignal): Promise<void> {
    return this.#changes.next(signal);
  }
}

function factsOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof EngineError && error.code !== 'INTERNAL') return error;
  if (error instanceof Error && error.name === 'AbortError')
    return { code: 'CANCELLED', message: 'the call was cancelled' };
  return { code: 'INTERNAL', message: 'internal error' };
}
