import type {
  AttackEvent,
  AttackJob,
  GradientNormEvent,
  GradientNormJob,
  InferJob,
  MemoryQuestion,
  ModelInfo,
  ModelSource,
  Prediction,
  PredictJob,
  RawTensors,
} from '../engine/index.js';
import { EngineError } from '../engine/index.js';
import type { HostEnd, HostObserver } from './host-observer.js';
import { type HostExit, HostProcess, type NativeCall } from './host-process.js';
import type { CallOptions, Lane, ModelRef } from './lanes.js';
import type { HostOptions } from './protocol.js';
import { Quarantine } from './quarantine.js';

/** Limits of a lane; all in milliseconds. */
export interface LaneLimits {
  /**
   * A native call is hung after this long or 20 times its estimate, whichever is longer; a host that is in none, when it was not
   * heard for so long.
   */
  readonly hangMs: number;
  /** The same for loads and compiles, whose estimates are guesses. */
  readonly compileHangMs: number;
  /** First and longest pause before a restart. */
  readonly backoffMs: readonly [first: number, longest: number];
  /** A host that lived this long starts the pauses anew. */
  readonly stableMs: number;
  readonly quarantineMs: number;
}

export const LANE_LIMITS: LaneLimits = {
  hangMs: 60_000,
  compileHangMs: 600_000,
  backoffMs: [100, 10_000],
  stableMs: 30_000,
  quarantineMs: 600_000,
};

const HANG_FACTOR = 20;

/** Signs of life that a host may owe. They are counted instead of the time, for it may be the gateway that stood still. */
const MAX_PINGS = 4;

/** Pause before a remote model that does not answer is looked for again. */
const RELOAD_PAUSE_MS = 2000;

/** Loading is given up after hosts died from it this often. */
const LOAD_ATTEMPTS = 3;

/** Signals by which native code ends a process. */
const CRASHES: ReadonlySet<NodeJS.Signals> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGTRAP']);

/** Something that an operator should know. */
export type LaneLog = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

export interface LaneOptions {
  readonly name: string;
  /** File that host processes run. */
  readonly entry: string;
  readonly host: HostOptions;
  readonly limits: LaneLimits;
  readonly log: LaneLog;
  /** Default: nobody. */
  readonly observer?: HostObserver;
}

/** A version that every host of the lane has. */
interface Loaded {
  readonly source: ModelSource;
  /** Whether the host that is up has it. */
  isThere: boolean;
  /** Why a host could not load it again, where that is no fault of the host: it is tried again. */
  absence?: string;
  /** Hosts that ended while they loaded it again. */
  deaths: number;
}

const keyOf = ({ name, version }: ModelRef): string => `${name}@${version}`;

/** Keeps a host process running, with the models that it should have. */
export class SupervisedLane implements Lane {
  readonly #options: LaneOptions;
  readonly #models = new Map<string, Loaded>();
  /** Estimated bytes that each model keeps in the host that is up. */
  readonly #kept = new Map<string, number>();
  readonly #quarantine: Quarantine;
  #host: HostProcess | undefined;
  #isUp = false;
  #startedMs = 0;
  #failures = 0;
  #restartAtMs = 0;
  #hang: { readonly timer: NodeJS.Timeout } | undefined;
  #wasHung = false;
  #restartTimer: NodeJS.Timeout | undefined;
  readonly #pinging: NodeJS.Timeout;
  #isClosed = false;
  /** Resolved when a host is up, or the lane closed. */
  #waiters: (() => void)[] = [];

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#quarantine = new Quarantine(options.limits.quarantineMs, () => performance.now());
    this.#pinging = setInterval(() => this.#ping(), options.limits.hangMs / MAX_PINGS);
    this.#pinging.unref();
    this.#start();
  }

  get isReady(): boolean {
    // A remote that is away says nothing against this gateway.
    return this.#isUp && [...this.#models.values()].every(({ isThere, absence }) => isThere || absence !== undefined);
  }

  get pid(): number | undefined {
    return this.#host?.pid;
  }

  quarantineReason(model: ModelRef): string | undefined {
    return this.#quarantine.reason(keyOf(model));
  }

  keptBytes(model: ModelRef): number {
    return this.#kept.get(keyOf(model)) ?? 0;
  }

  releaseQuarantine(model: ModelRef): void {
    this.#quarantine.absolve(keyOf(model));
  }

  #start(): void {
    const { entry, host: options, log, name } = this.#options;
    this.#startedMs = performance.now();
    this.#wasHung = false;
    const host: HostProcess = new HostProcess(entry, options, {
      onReady: () => this.#onReady(host),
      onNativeBegin: (call) => this.#watch(host, call),
      onNativeEnd: ({ call, model, runId, durationMs }) => {
        this.#unwatch();
        this.#options.observer?.callEnded({ lane: name, call, model, runId, durationMs });
        if (call === 'step') this.#quarantine.absolve(model);
      },
      onKept: ({ model, sizeBytes }) => void this.#kept.set(model, sizeBytes),
      onOutput: (line) => log('info', line, { lane: name, hostPid: host.pid }),
      onExit: (exit) => this.#onExit(exit),
    });
    this.#host = host;
  }

  #onReady(host: HostProcess): void {
    this.#isUp = true;
    this.#options.log('info', 'host is up', { lane: this.#options.name, hostPid: host.pid });
    for (const resolve of this.#waiters.splice(0)) resolve();
    for (const [key, loaded] of this.#models) void this.#reload(host, key, loaded);
  }

  async #reload(host: HostProcess, key: string, loaded: Loaded): Promise<void> {
    try {
      const info = (await host.call('load', [loaded.source], this.#internalCall(`load ${key}`))) as ModelInfo;
      this.#tellFallbacks(key, info);
      loaded.isThere = true;
      delete loaded.absence;
      loaded.deaths = 0;
    } catch (error) {
      this.#options.log('error', 'model could not be loaded again', { lane: this.#options.name, model: key, error });
      // A remote that is away may come back while this host lives.
      if (!(error instanceof EngineError) || error.code !== 'MODEL_NOT_READY') return;
      loaded.absence = error.message;
      const isWanted = (): boolean => this.#host === host && this.#models.get(key) === loaded && !loaded.isThere;
      setTimeout(() => isWanted() && void this.#reload(host, key, loaded), RELOAD_PAUSE_MS).unref();
    }
  }

  #tellFallbacks(model: string, { provider, providerFallbacks }: ModelInfo): void {
    for (const reason of providerFallbacks) {
      const fields = { lane: this.#options.name, model, provider, reason };
      this.#options.log('warn', 'model does not run on the provider that it prefers', fields);
    }
  }

  #internalCall(runId: string): CallOptions {
    return {
      runId,
      principal: '',
      deadlineMs: undefined,
      traceParent: undefined,
      signal: new AbortController().signal,
    };
  }

  #watch(host: HostProcess, { call, estimateMs, model }: NativeCall): void {
    this.#unwatch();
    const { hangMs, compileHangMs } = this.#options.limits;
    const isSlow = call === 'load' || call === 'compile';
    const limitMs = isSlow ? compileHangMs : Math.max(hangMs, HANG_FACTOR * estimateMs);
    const timer = setTimeout(() => this.#killHung(host, { call, model, limitMs }), limitMs);
    timer.unref();
    this.#hang = { timer };
  }

  #ping(): void {
    const isInNativeCall = this.#hang !== undefined;
    if (this.#host === undefined || !this.#isUp || isInNativeCall) return;
    if (this.#host.ping() >= MAX_PINGS) this.#killHung(this.#host, { limitMs: this.#options.limits.hangMs });
  }

  #killHung(host: HostProcess, fields: object): void {
    this.#wasHung = true;
    this.#options.log('error', 'host hangs and is killed', { lane: this.#options.name, hostPid: host.pid, ...fields });
    host.kill();
  }

  #unwatch(): void {
    if (this.#hang !== undefined) clearTimeout(this.#hang.timer);
    this.#hang = undefined;
  }

  #onExit({ code, signal, during }: HostExit): void {
    this.#unwatch();
    this.#isUp = false;
    this.#host = undefined;
    for (const loaded of this.#models.values()) loaded.isThere = false;
    this.#kept.clear();
    if (this.#isClosed) return;
    if (during?.call === 'load') this.#giveUpOn(during.model);
    const { observer, name } = this.#options;
    const reason = this.#reasonOf({ code, signal });
    observer?.restarted(name, reason);
    const isOwnFault = reason === 'hang' || reason === 'crash' || (reason === 'exit' && code !== 0);
    if (isOwnFault && during !== undefined && this.#quarantine.strike(during.model)) {
      observer?.quarantined(name, during.model);
    }
    const { backoffMs, stableMs } = this.#options.limits;
    this.#failures = performance.now() - this.#startedMs > stableMs ? 0 : this.#failures;
    const [first, longest] = backoffMs;
    const pauseMs = Math.min(longest, first * 2 ** this.#failures++);
    this.#restartAtMs = performance.now() + pauseMs;
    this.#options.log('error', 'host ended and is started again', {
      lane: this.#options.name,
      code,
      signal,
      pauseMs,
      during: during?.call,
      model: during?.model,
      ...(during !== undefined && { runId: during.runId }),
    });
    this.#restartTimer = setTimeout(() => this.#start(), pauseMs);
    this.#restartTimer.unref();
  }

  #reasonOf({ code, signal }: Pick<HostExit, 'code' | 'signal'>): HostEnd {
    if (this.#wasHung) return 'hang';
    if (signal !== null) return CRASHES.has(signal) ? 'crash' : 'killed';
    return code === null ? 'killed' : 'exit';
  }

  /** A model that hosts keep dying from while they load it would keep them from ever coming back. */
  #giveUpOn(key: string): void {
    const loaded = this.#models.get(key);
    if (loaded === undefined || ++loaded.deaths < LOAD_ATTEMPTS) return;
    this.#models.delete(key);
    this.#options.log('error', 'model ended its host while it was loaded again and is left out', {
      lane: this.#options.name,
      model: key,
    });
  }

  /** The host that is up. */
  #live(model: ModelRef | undefined): HostProcess {
    const isThere = model === undefined || (this.#models.get(keyOf(model))?.isThere ?? true);
    if (this.#host !== undefined && this.#isUp && isThere) return this.#host;
    const absence = model && this.#models.get(keyOf(model))?.absence;
    throw new EngineError('HOST_UNAVAILABLE', absence ?? 'expected a host that is up, got one that is being started', {
      retryAfterMs: Math.ceil(Math.max(0, this.#restartAtMs - performance.now()) + 500),
    });
  }

  async #whenUp(): Promise<HostProcess> {
    while (!this.#isUp && !this.#isClosed) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    return this.#live(undefined);
  }

  async load(source: ModelSource): Promise<ModelInfo> {
    const key = keyOf(source);
    for (let attempt = 1; ; attempt++) {
      const host = await this.#whenUp();
      try {
        const info = (await host.call('load', [source], this.#internalCall(`load ${key}`))) as ModelInfo;
        this.#models.set(key, { source, isThere: true, deaths: 0 });
        this.#tellFallbacks(key, info);
        return info;
      } catch (error) {
        const isDeath = error instanceof EngineError && error.code === 'HOST_UNAVAILABLE';
        if (!isDeath || this.#isClosed) throw error;
        if (attempt < LOAD_ATTEMPTS) continue;
        throw new EngineError(
          'INVALID_MODEL',
          `expected a model that loads, got one that ended its host ${attempt} times`,
        );
      }
    }
  }

  async unload(model: ModelRef): Promise<void> {
    if (!this.#models.delete(keyOf(model)) || this.#host === undefined || !this.#isUp) return;
    await this.#host.call('unload', [model], this.#internalCall(`unload ${keyOf(model)}`));
    if (!this.#models.has(keyOf(model))) this.#kept.delete(keyOf(model));
  }

  async requireMemory(model: ModelRef, question: MemoryQuestion, options: CallOptions): Promise<void> {
    const host = this.#live(model);
    await this.#explained(host.call('requireMemory', [model, question], options));
  }

  async predict(model: ModelRef, job: PredictJob, options: CallOptions): Promise<readonly Prediction[]> {
    const host = this.#live(model);
    return (await this.#explained(host.call('predict', [model, job], options))) as readonly Prediction[];
  }

  async infer(model: ModelRef, job: InferJob, options: CallOptions): Promise<RawTensors> {
    const host = this.#live(model);
    return (await this.#explained(host.call('infer', [model, job], options))) as RawTensors;
  }

  attack(model: ModelRef, job: AttackJob, options: CallOptions): AsyncGenerator<AttackEvent, void, void> {
    return this.#stream('attack', model, job, options) as AsyncGenerator<AttackEvent, void, void>;
  }

  gradientNorm(
    model: ModelRef,
    job: GradientNormJob,
    options: CallOptions,
  ): AsyncGenerator<GradientNormEvent, void, void> {
    return this.#stream('gradientNorm', model, job, options) as AsyncGenerator<GradientNormEvent, void, void>;
  }

  async *#stream(
    method: 'attack' | 'gradientNorm',
    model: ModelRef,
    job: unknown,
    options: CallOptions,
  ): AsyncGenerator<unknown, void, void> {
    const reason = this.quarantineReason(model);
    if (reason !== undefined)
      throw new EngineError('MODEL_QUARANTINED', `expected a model that can be attacked, but ${reason}`);
    const host = this.#live(model);
    try {
      yield* host.stream(method, [model, job], options);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  async #explained<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** A dead host is back soon: says when. */
  #explain(error: unknown): unknown {
    if (!(error instanceof EngineError) || error.code !== 'HOST_UNAVAILABLE') return error;
    const retryAfterMs = Math.ceil(Math.max(0, this.#restartAtMs - performance.now()) + 500);
    return new EngineError(error.code, error.message, { ...error.details, retryAfterMs }, { cause: error });
  }

  drain(): void {
    this.#host?.drain();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#restartTimer);
    clearInterval(this.#pinging);
    for (const resolve of this.#waiters.splice(0)) resolve();
    await this.#host?.close();
  }
}
