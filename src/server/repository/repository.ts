import { setTimeout as pause } from 'node:timers/promises';
import { EngineError, type ModelInfo, readModelSource } from '../../engine/index.js';
import type { Logger } from '../logger.js';
import type { Residency } from './residency.js';
import { type FoundVersion, scanRepository } from './scan.js';

export type VersionState = 'loading' | 'verified' | 'standby' | 'serving' | 'draining' | 'failed';

/** A version that is held until `release`. */
export interface HeldModel {
  readonly info: ModelInfo;
  /**
   * The model whose gradients attacks on this one take, held as long; `undefined` where it has none.
   *
   * @throws EngineError `MODEL_NOT_FOUND`, `MODEL_NOT_READY`. Thrown as by `acquire`.
   */
  surrogate(): ModelInfo | undefined;
  release(): void;
}

/** A version of a model, as the gateway knows it. */
export interface VersionStatus {
  readonly name: string;
  readonly version: string;
  readonly state: VersionState;
  /** What failed, or why it does not serve although it is the newest; empty otherwise. */
  readonly reason: string;
  /** What can be said of it once it is loaded. */
  readonly info: ModelInfo | undefined;
  /** Whether it left the hosts to spare memory: the next call loads it again. */
  readonly isUnloaded: boolean;
}

interface Entry {
  readonly name: string;
  readonly version: string;
  fingerprint: string;
  state: VersionState;
  reason: string;
  /** What is wrong with its files although it is usable; empty otherwise. */
  trouble: string;
  info: ModelInfo | undefined;
  /** Calls that use it now. */
  uses: number;
}

export interface RepositoryOptions {
  readonly root: string;
  readonly residency: Pick<Residency, 'load' | 'unload' | 'hold' | 'isUnloaded'>;
  readonly log: Logger;
  readonly pollMs: number;
  /** Called when a state has changed. */
  onChange(): void;
  /** Called when a version was loaded, or its files again. */
  onVerified(info: ModelInfo): void;
  /** Why a version must not take the place of an older one yet; `undefined` where nothing is against it. */
  holdReason(info: ModelInfo): string | undefined;
}

const isGood = ({ state }: Entry): boolean => state === 'verified' || state === 'standby' || state === 'serving';

const keyOf = (name: string, version: string): string => `${name}@${version}`;

/**
 * Keeps the hosts in step with the folder. A version is read once, loaded into both lanes and only then takes calls; the newest
 * that is good and not held serves. One that fails stands aside with its reason and replaces nothing.
 */
export class ModelRepository {
  readonly #options: RepositoryOptions;
  readonly #entries = new Map<string, Entry>();
  /** Fingerprints of the look before: files that were just written may still change. */
  #before = new Map<string, string>();
  #isFirstLook = true;
  /** Names of models that were unloaded by hand. */
  readonly #unloaded = new Set<string>();
  #last: Promise<void> = Promise.resolve();
  #trouble = '';
  #polling: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(options: RepositoryOptions) {
    this.#options = options;
  }

  /** Loads what is there, once. A folder that cannot be read holds nothing yet. */
  async loadAll(): Promise<void> {
    await this.#lookSafely();
  }

  /** Looks again and again, until `close`. */
  startPolling(): void {
    this.#polling = this.#poll();
  }

  async #poll(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await pause(this.#options.pollMs, undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted) await this.#lookSafely();
    }
  }

  async #lookSafely(): Promise<void> {
    const { log, root } = this.#options;
    try {
      const unreadable = [...(await this.#alone(() => this.#look()))].join(', ');
      if (this.#isNews(unreadable)) log.warn({ models: unreadable }, 'folders of models could not be read');
    } catch (error) {
      if (this.#isNews(String(error))) log.error({ error, root }, 'model repository could not be read');
    }
  }

  /** Whether a trouble, or none, is another one than at the look before: what lasts is told once. */
  #isNews(trouble: string): boolean {
    const isNew = trouble !== this.#trouble;
    this.#trouble = trouble;
    return isNew && trouble !== '';
  }

  /**
   * Loads every version of a model as it lies in the folder now, also one that was unloaded.
   *
   * @throws EngineError `MODEL_NOT_FOUND`. Thrown when there is no such folder, or no version in it.
   * @throws EngineError `INVALID_MODEL`. Thrown when no version can be used.
   */
  async loadModel(name: string): Promise<void> {
    this.#unloaded.delete(name);
    await this.#alone(async () => {
      const { versions } = await scanRepository(this.#options.root);
      const found = versions.filter((version) => version.name === name);
      if (found.length === 0) {
        throw new EngineError(
          'MODEL_NOT_FOUND',
          `expected a folder with versions for the model ${name || 'none'}, got none`,
          {
            metadata: { model: name },
          },
        );
      }
      await this.#loadChanged(found);
    });
    const versions = this.#versionsOf(name);
    if (versions.some(isGood)) return;
    const reasons = versions.map(({ version, reason }) => `${version}: ${reason}`).join('; ');
    throw new EngineError('INVALID_MODEL', `expected a version of ${name} that can be used, got ${reasons}`);
  }

  /**
   * Unloads every version of a model, once the calls that use it have ended; looks leave it alone until `loadModel`.
   *
   * @throws EngineError `MODEL_NOT_FOUND`. Thrown when there is none of that name.
   */
  async unloadModel(name: string): Promise<void> {
    const entries = this.#versionsOf(name);
    this.#unloaded.add(name);
    await this.#alone(async () => {
      await Promise.all(entries.filter(({ state }) => state !== 'draining').map((entry) => this.#retire(entry)));
    });
  }

  /** One look or change of the models at a time. */
  #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#polling;
  }

  get versions(): readonly VersionStatus[] {
    return [...this.#entries.values()]
      .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) || Number(a.version) - Number(b.version))
      .map((entry) => this.#statusOf(entry));
  }

  #statusOf({ name, version, state, reason, info }: Entry): VersionStatus {
    const isUnloaded = this.#options.residency.isUnloaded({ name, version });
    return { name, version, state, reason, info, isUnloaded };
  }

  /**
   * The version that a call means, held until `release`.
   *
   * @param version empty or `undefined` means the one that serves
   * @throws EngineError `MODEL_NOT_FOUND`. Thrown when there is none of that name or version.
   * @throws EngineError `MODEL_NOT_READY`. Thrown when it does not take calls.
   */
  acquire(name: string, version: string | undefined): HeldModel {
    const entry = version ? this.#entryOf(name, version) : this.#servingOf(name);
    const { info, state } = entry;
    if (info === undefined || state === 'failed' || state === 'loading' || state === 'draining') {
      const why = entry.reason === '' ? '' : `: ${entry.reason}`;
      throw new EngineError(
        'MODEL_NOT_READY',
        `expected ${keyOf(name, entry.version)} to be ready, got ${state}${why}`,
        {
          metadata: { model: name, version: entry.version },
          ...(state === 'loading' && { retryAfterMs: 1000 }),
        },
      );
    }
    entry.uses++;
    const leave = this.#options.residency.hold(entry);
    let isHeld = true;
    let other: HeldModel | undefined;
    return {
      info,
      surrogate: () => {
        if (info.surrogate !== undefined) other ??= this.acquire(info.surrogate.name, info.surrogate.version);
        return other?.info;
      },
      release: () => {
        if (isHeld) entry.uses--;
        isHeld = false;
        leave();
        other?.release();
        if (entry.state === 'draining' && entry.uses === 0) void this.#unload(entry);
      },
    };
  }

  /** What is known of a version, whether it takes calls or not; without `version` of the one that serves, or else the newest. */
  describe(name: string, version: string | undefined): VersionStatus {
    return this.#statusOf(version ? this.#entryOf(name, version) : this.#servingOf(name));
  }

  #versionsOf(name: string): readonly Entry[] {
    const all = [...this.#entries.values()].filter((entry) => entry.name === name);
    if (all.length > 0) return all.toSorted((a, b) => Number(a.version) - Number(b.version));
    const names = [...new Set([...this.#entries.values()].map((entry) => entry.name))].join(', ') || 'none';
    throw new EngineError('MODEL_NOT_FOUND', `expected one of the models ${names}, got ${name || 'none'}`, {
      metadata: { model: name },
    });
  }

  #entryOf(name: string, version: string): Entry {
    const entry = this.#versionsOf(name).find((candidate) => candidate.version === version);
    if (entry !== undefined) return entry;
    const versions = this.#versionsOf(name)
      .map((candidate) => candidate.version)
      .join(', ');
    throw new EngineError('MODEL_NOT_FOUND', `expected one of the versions ${versions} of ${name}, got ${version}`, {
      metadata: { model: name, version },
    });
  }

  #servingOf(name: string): Entry {
    const all = this.#versionsOf(name);
    const staying = all.filter(({ state }) => state !== 'draining');
    return all.find(({ state }) => state === 'serving') ?? ((staying.at(-1) ?? all.at(-1)) as Entry);
  }

  /** Returns the names of models whose folders could not be read. */
  async #look(): Promise<ReadonlySet<string>> {
    const { versions: all, unreadable } = await scanRepository(this.#options.root);
    const found = all.filter(({ name }) => !this.#unloaded.has(name));
    const present = new Set(found.map(({ name, version }) => keyOf(name, version)));
    for (const entry of this.#entries.values()) {
      const isGone = !present.has(keyOf(entry.name, entry.version)) && !unreadable.has(entry.name);
      if (isGone && entry.state !== 'draining') void this.#retire(entry);
    }
    // At the start nothing is served that could be disturbed: what lies there is taken as it is.
    const settled = found.filter(
      ({ name, version, fingerprint }) => this.#isFirstLook || this.#before.get(keyOf(name, version)) === fingerprint,
    );
    this.#before = new Map(found.map(({ name, version, fingerprint }) => [keyOf(name, version), fingerprint]));
    this.#isFirstLook = false;
    await this.#loadChanged(settled);
    return unreadable;
  }

  /** Loads those that are new or other than before, older ones first. */
  async #loadChanged(found: readonly FoundVersion[]): Promise<void> {
    for (const version of found.toSorted((a, b) => Number(a.version) - Number(b.version))) {
      if (this.#stop.signal.aborted) break;
      const entry = this.#entries.get(keyOf(version.name, version.version));
      if (entry?.fingerprint !== version.fingerprint) await this.#load(version);
    }
  }

  async #load(found: FoundVersion): Promise<void> {
    const { name, version, folder, fingerprint } = found;
    const { residency, log } = this.#options;
    const key = keyOf(name, version);
    const known = this.#entries.get(key);
    const entry: Entry = known ?? {
      name,
      version,
      fingerprint,
      state: 'loading',
      reason: '',
      trouble: '',
      info: undefined,
      uses: 0,
    };
    entry.fingerprint = fingerprint;
    this.#entries.set(key, entry);
    const isUsable = isGood(entry);
    if (!isUsable) this.#set(entry, 'loading');
    try {
      const source = await readModelSource(folder, version);
      entry.info = await residency.load(source);
      entry.trouble = '';
      // One that serves goes on serving, with the new bytes.
      this.#set(entry, isUsable ? entry.state : 'verified');
      log.info({ model: name, version, sha256: entry.info.sha256 }, 'model version is verified');
      this.#elect(name);
      this.#options.onVerified(entry.info);
    } catch (error) {
      const reason = error instanceof EngineError ? error.message : 'internal error';
      log.error({ model: name, version, error }, 'model version failed');
      // A remote that is away: the next look tries again, though no file has changed.
      if (error instanceof EngineError && error.code === 'MODEL_NOT_READY') entry.fingerprint = '';
      // Files that were changed in place and are broken now: what is loaded goes on serving.
      if (isUsable) {
        entry.trouble = `the files were changed and do not load: ${reason}`;
        this.#elect(name);
      } else this.#set(entry, 'failed', reason);
    }
  }

  /** Decides anew which version of a model serves: what held one may be over. */
  reconsider(name: string): void {
    this.#elect(name);
  }

  /**
   * The newest good version that nothing holds serves, others stand by. One that serves never gives way to an older one, and where
   * none serves a held one is better than none.
   */
  #elect(name: string): void {
    const good = [...this.#entries.values()]
      .filter((entry) => entry.name === name && isGood(entry))
      .toSorted((a, b) => Number(b.version) - Number(a.version));
    const current = good.findIndex(({ state }) => state === 'serving');
    const holds = good.map(({ info }) => info && this.#options.holdReason(info));
    const free = holds.slice(0, current === -1 ? good.length : current).indexOf(undefined);
    const elected = free !== -1 ? free : Math.max(0, current);
    for (const [i, entry] of good.entries()) {
      const held = i < elected ? (holds[i] ?? '') : '';
      const reason = [entry.trouble, held].filter((text) => text !== '').join('; ');
      this.#set(entry, i === elected ? 'serving' : 'standby', reason);
    }
  }

  /** Waits for the hosts where no call uses it. */
  async #retire(entry: Entry): Promise<void> {
    this.#set(entry, 'draining');
    // Whoever wants it back meanwhile must load it again.
    entry.fingerprint = '';
    this.#elect(entry.name);
    if (entry.uses === 0) await this.#unload(entry);
  }

  async #unload(entry: Entry): Promise<void> {
    const { residency, log } = this.#options;
    this.#entries.delete(keyOf(entry.name, entry.version));
    this.#options.onChange();
    try {
      await residency.unload(entry);
      log.info({ model: entry.name, version: entry.version }, 'model version is unloaded');
    } catch (error) {
      log.warn({ model: entry.name, version: entry.version, error }, 'model version could not be unloaded');
    }
  }

  #set(entry: Entry, state: VersionState, reason = ''): void {
    if (entry.state === state && entry.reason === reason) return;
    entry.state = state;
    entry.reason = reason;
    this.#options.onChange();
  }
}
