import { EngineError, type ModelInfo, type ModelSource, sourceBytes } from '../../engine/index.js';
import type { CallOptions, Hosts, Lane, ModelRef } from '../../host/index.js';
import type { Logger } from '../logger.js';
import { inTime } from './in-time.js';

/** Told when models leave the hosts and come back. */
export interface ResidencyObserver {
  unloaded(model: ModelRef): void;
  reloaded(model: ModelRef, isGood: boolean): void;
}

export interface ResidencyOptions {
  readonly hosts: Hosts;
  /** Estimated bytes that models may keep between calls. What is in use stays, whatever it takes. */
  readonly budgetBytes: number;
  /** Names of models that are never unloaded. */
  readonly pinned: ReadonlySet<string>;
  readonly log: Logger;
  readonly observer: ResidencyObserver;
  /** The files of a version as they lie there now. */
  read(model: ModelRef): Promise<ModelSource>;
}

interface Entry {
  readonly name: string;
  readonly version: string;
  source: Pick<ModelSource, 'sha256' | 'configText'>;
  /** Of its files. */
  sourceBytes: number;
  isThere: boolean;
  /** Whether a load goes on, whose bytes are kept already. */
  isLoading: boolean;
  isRemote: boolean;
  /** Calls and runs that use it, or will. */
  uses: number;
  /** The turn in which it was used last. */
  lastUse: number;
  /** Loads and unloads, one after the other. */
  last: Promise<unknown>;
  reload: Promise<void> | undefined;
}

/**
 * What a version keeps that was just loaded, in bytes of its files: the gateway's own copy for hosts that are started again, and
 * the files with a session in each lane.
 */
const LOADED_FACTOR = 5;

const keyOf = ({ name, version }: ModelRef): string => `${name}@${version}`;

/**
 * Keeps what hosts hold within a budget. Of versions that nobody uses the one that was used longest ago is unloaded first, from
 * both lanes; the next call of it loads it again before it runs, one load for all that wait.
 */
export class Residency {
  readonly #options: ResidencyOptions;
  readonly #entries = new Map<string, Entry>();
  #turn = 0;
  /** The hosts, whose lanes load what a call needs before they run it. */
  readonly hosts: Hosts;

  constructor(options: ResidencyOptions) {
    this.#options = options;
    const { hosts } = options;
    const attack = this.#loading(hosts.attack);
    const serve = hosts.serve === hosts.attack ? attack : this.#loading(hosts.serve);
    this.hosts = { serve, attack, drain: () => hosts.drain(), close: () => hosts.close() };
  }

  get budgetBytes(): number {
    return this.#options.budgetBytes;
  }

  /** Estimated bytes that the gateway and its hosts keep of all models. */
  get keptBytes(): number {
    return [...this.#entries.values()].reduce((sum, entry) => sum + this.#keptBy(entry), 0);
  }

  /** Whether a version was unloaded for want of memory, so that the next call loads it. */
  isUnloaded(model: ModelRef): boolean {
    const entry = this.#entries.get(keyOf(model));
    return entry !== undefined && !entry.isThere;
  }

  /**
   * Loads a version into both lanes, or none. What the attack lane found out about gradients is what is told.
   *
   * @throws EngineError as `Lane.load`.
   */
  async load(source: ModelSource): Promise<ModelInfo> {
    const { name, version, sha256, configText } = source;
    const known = this.#entries.get(keyOf(source));
    const entry: Entry = known ?? {
      name,
      version,
      source: { sha256, configText },
      sourceBytes: sourceBytes(source),
      isThere: false,
      isLoading: false,
      isRemote: false,
      uses: 0,
      lastUse: 0,
      last: Promise.resolve(),
      reload: undefined,
    };
    const info = await this.#inTurn(entry, () => this.#intoHosts(entry, source));
    entry.source = { sha256, configText };
    entry.sourceBytes = sourceBytes(source);
    entry.isRemote = info.engine === 'remote';
    this.#entries.set(keyOf(entry), entry);
    this.#touch(entry);
    this.#settle();
    return info;
  }

  /** Unloads a version for good. */
  async unload(model: ModelRef): Promise<void> {
    const entry = this.#entries.get(keyOf(model));
    if (entry === undefined) return;
    this.#entries.delete(keyOf(model));
    entry.isThere = false;
    await this.#inTurn(entry, () => this.#outOfHosts(entry));
  }

  /** Keeps a version from being unloaded, until the function that is returned is called. */
  hold(model: ModelRef): () => void {
    const entry = this.#entries.get(keyOf(model));
    if (entry === undefined) return () => undefined;
    entry.uses++;
    this.#touch(entry);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      entry.uses--;
      this.#settle();
    };
  }

  #touch(entry: Entry): void {
    entry.lastUse = ++this.#turn;
  }

  /** A lane whose calls load what they need first, and hold it. */
  #loading(lane: Lane): Lane {
    const enter = (model: ModelRef, options: CallOptions): Promise<() => void> => this.#enter(model, options);
    async function within<T>(model: ModelRef, options: CallOptions, work: () => Promise<T>): Promise<T> {
      const leave = await enter(model, options);
      try {
        return await work();
      } finally {
        leave();
      }
    }
    async function* stream<T>(
      model: ModelRef,
      options: CallOptions,
      work: () => AsyncGenerator<T, void, void>,
    ): AsyncGenerator<T, void, void> {
      const leave = await enter(model, options);
      try {
        yield* work();
      } finally {
        leave();
      }
    }
    return {
      get isReady() {
        return lane.isReady;
      },
      get pid() {
        return lane.pid;
      },
      load: (source) => lane.load(source),
      unload: (model) => lane.unload(model),
      requireMemory: (model, question, options) =>
        within(model, options, () => lane.requireMemory(model, question, options)),
      predict: (model, job, options) => within(model, options, () => lane.predict(model, job, options)),
      infer: (model, job, options) => within(model, options, () => lane.infer(model, job, options)),
      attack(model, job, options) {
        const run = () => stream(model, options, () => lane.attack(model, job, options));
        return job.surrogate === undefined ? run() : stream(job.surrogate, options, run);
      },
      gradientNorm: (model, job, options) => stream(model, options, () => lane.gradientNorm(model, job, options)),
      quarantineReason: (model) => lane.quarantineReason(model),
      releaseQuarantine: (model) => lane.releaseQuarantine(model),
      keptBytes: (model) => lane.keptBytes(model),
    };
  }

  /**
   * Holds a version that is in the hosts, or loads it.
   *
   * @throws EngineError `MODEL_NOT_READY`. Thrown when it does not load any more.
   * @throws EngineError `DEADLINE_TOO_SHORT`. Thrown when it is not loaded in time; the load goes on for those who come later.
   */
  async #enter(model: ModelRef, { signal, deadlineMs }: CallOptions): Promise<() => void> {
    const leave = this.hold(model);
    const entry = this.#entries.get(keyOf(model));
    try {
      if (entry !== undefined && !entry.isThere) await inTime(this.#reloaded(entry), keyOf(entry), signal, deadlineMs);
      return leave;
    } catch (error) {
      leave();
      throw error;
    }
  }

  #reloaded(entry: Entry): Promise<void> {
    entry.reload ??= this.#reload(entry).finally(() => {
      entry.reload = undefined;
    });
    return entry.reload;
  }

  async #reload(entry: Entry): Promise<void> {
    const { log, observer, read } = this.#options;
    const { name: model, version } = entry;
    try {
      const isNews = await this.#inTurn(entry, async () => {
        // Somebody else may have loaded it meanwhile: a look at the repository, for its files are new.
        if (entry.isThere) return false;
        const source = await read(entry);
        requireSame(source, entry);
        await this.#intoHosts(entry, source);
        return true;
      });
      if (!isNews) return;
      log.info({ model, version }, 'model version is loaded again');
      observer.reloaded(entry, true);
    } catch (cause) {
      log.error({ model, version, error: cause }, 'model version could not be loaded again');
      observer.reloaded(entry, false);
      throw notReady(entry, cause);
    }
  }

  /** Both lanes, or none. */
  async #intoHosts(entry: Entry, source: ModelSource): Promise<ModelInfo> {
    const { serve, attack } = this.#options.hosts;
    const needed = entry.isThere ? 0 : LOADED_FACTOR * sourceBytes(source);
    await this.#makeRoom(needed, entry);
    entry.isLoading = true;
    try {
      const info = await attack.load(source);
      if (serve !== attack) await serve.load(source).catch((error) => attack.unload(source).then(() => throwIt(error)));
      entry.isThere = true;
      return info;
    } finally {
      entry.isLoading = false;
    }
  }

  async #outOfHosts(entry: Entry): Promise<void> {
    const { serve, attack } = this.#options.hosts;
    await Promise.all([...new Set([serve, attack])].map((lane) => lane.unload(entry)));
  }

  #inTurn<T>(entry: Entry, work: () => Promise<T>): Promise<T> {
    const result = entry.last.then(work);
    entry.last = result.catch(() => undefined);
    return result;
  }

  #keptBy(entry: Entry): number {
    const { serve, attack } = this.#options.hosts;
    if (entry.isLoading && !entry.isThere) return LOADED_FACTOR * entry.sourceBytes;
    if (!entry.isThere) return 0;
    return [...new Set([serve, attack])].reduce((sum, lane) => sum + lane.keptBytes(entry), entry.sourceBytes);
  }

  /** Programs have come, or something is idle now: the version that was used last stays in any case. */
  #settle(): void {
    const newest = [...this.#entries.values()].reduce<Entry | undefined>(
      (last, entry) => (last === undefined || entry.lastUse > last.lastUse ? entry : last),
      undefined,
    );
    if (newest !== undefined) void this.#makeRoom(0, newest);
  }

  /** Unloads what is idle until so many bytes more fit, or nothing is left that may go; never throws. */
  async #makeRoom(neededBytes: number, staying: Entry): Promise<void> {
    const { budgetBytes, pinned } = this.#options;
    if (this.keptBytes + neededBytes <= budgetBytes) return;
    const idle = [...this.#entries.values()]
      .filter((entry) => entry.isThere && entry.uses === 0 && !entry.isRemote && !pinned.has(entry.name))
      .filter((entry) => entry !== staying && !entry.isLoading)
      .toSorted((a, b) => a.lastUse - b.lastUse);
    const unloads: Promise<void>[] = [];
    for (const entry of idle) {
      if (this.keptBytes + neededBytes <= budgetBytes) break;
      unloads.push(this.#evict(entry));
    }
    await Promise.all(unloads);
  }

  async #evict(entry: Entry): Promise<void> {
    const { log, observer } = this.#options;
    const fields = { model: entry.name, version: entry.version, keptBytes: this.#keptBy(entry) };
    entry.isThere = false;
    try {
      await this.#inTurn(entry, () => this.#outOfHosts(entry));
      log.info(fields, 'idle model version is unloaded to spare memory');
      observer.unloaded(entry);
    } catch (error) {
      log.warn({ ...fields, error }, 'idle model version could not be unloaded');
    }
  }
}

const throwIt = (error: unknown): never => {
  throw error;
};

/** @throws EngineError `MODEL_CHANGED`. Thrown when the files are not those that were loaded before. */
function requireSame(source: ModelSource, { name, version, source: before }: Entry): void {
  if (source.sha256 === before.sha256 && source.configText === before.configText) return;
  const text = `expected the files of ${name}@${version} to be those that were loaded, ${before.sha256}, got ${source.sha256}`;
  throw new EngineError('MODEL_CHANGED', `${text}; load the model again`);
}

/** Who calls has done nothing wrong; a host that is on its way back is worth another try. */
function notReady({ name, version }: ModelRef, cause: unknown): EngineError {
  const why = cause instanceof EngineError ? cause.message : 'internal error';
  const { retryAfterMs } = cause instanceof EngineError ? cause.details : {};
  return new EngineError(
    'MODEL_NOT_READY',
    `expected ${name}@${version}, which was unloaded to spare memory, to load again, got: ${why}`,
    { metadata: { model: name, version }, ...(retryAfterMs !== undefined && { retryAfterMs }) },
    { cause },
  );
}
