import { EngineError, type ModelInfo } from '../../engine/index.js';
import { Changes } from '../changes.js';
import type { Logger } from '../logger.js';
import type { ModelRepository } from '../repository/repository.js';
import type { ProbeConfig } from './probe-config.js';
import type { ProbedVersion, ProbeHistory } from './probe-history.js';
import { type FollowedTask, type PerformTask, ProbeQueue, type ProbeTask } from './probe-queue.js';
import type { ProbeRun, ProbeTrigger } from './probe-run.js';
import { isTarget, servingTargets, waitingVersions } from './probe-targets.js';
import { type Schedule, scheduleOf } from './schedule.js';
import { holdReason } from './version-hold.js';
import type { WallClock } from './wall-clock.js';

export interface ProberOptions {
  readonly probes: readonly ProbeConfig[];
  readonly history: ProbeHistory;
  readonly repository: Pick<ModelRepository, 'versions' | 'reconsider'>;
  /** Does a run and commits it. */
  readonly perform: PerformTask;
  readonly clock: WallClock;
  readonly log: Logger;
  readonly observer: ProbeObserver;
  newRunId(): string;
}

/** Told of what probes do, e.g. to say it in metrics. */
export interface ProbeObserver {
  /** A probe is due next at a time, in milliseconds since 1970, on these models. */
  scheduled(probe: ProbeConfig, models: readonly string[], nextMs: number | undefined): void;
  /** A run begins. */
  started(task: ProbeTask): void;
  /** A run is over, also one that leaves nothing behind. */
  ended(task: ProbeTask): void;
  /** A run is committed. */
  recorded(run: ProbeRun): void;
  /** A version is there, and this is what history has of its bytes: the runs that `ProbeHistory.latest` means. */
  loaded(version: ModelInfo, runs: readonly ProbeRun[]): void;
}

/** A probe as it stands. */
export interface ProbeStatus {
  readonly probe: ProbeConfig;
  /** Models that it is for now. */
  readonly models: readonly string[];
  /** When it is due next, in milliseconds since 1970; `undefined` where never again. */
  readonly nextMs: number | undefined;
  readonly configuredMs: number;
  /** Its runs that go on or wait. */
  readonly tasks: readonly FollowedTask[];
  /** Times that passed unused since the gateway started. */
  readonly skipped: number;
  /** The last run on each of the models. */
  readonly lastRuns: readonly ProbeRun[];
}

interface Scheduled {
  readonly probe: ProbeConfig;
  readonly schedule: Schedule;
  readonly configuredMs: number;
  nextMs: number | undefined;
  skipped: number;
  cancel: () => void;
}

const isSameVersion = (one: ProbedVersion, other: ProbedVersion): boolean =>
  one.name === other.name && one.version === other.version && one.sha256 === other.sha256;

/** Runs the probes when they are due, when versions are new, and when somebody asks. */
export class Prober {
  readonly #options: ProberOptions;
  readonly #queue: ProbeQueue;
  readonly #scheduled: readonly Scheduled[];
  #isStarting = true;
  #isClosed = false;
  #closed: Promise<void> | undefined;
  /** Runs that were committed, and the end. */
  readonly #changes = new Changes();

  constructor(options: ProberOptions) {
    this.#options = options;
    this.#queue = new ProbeQueue((task, signal, tell) => this.#perform(task, signal, tell));
    this.#scheduled = options.probes.map((probe) => ({
      probe,
      schedule: scheduleOf({ ...probe, expression: probe.schedule }),
      configuredMs: options.history.configuredSince(probe.name, options.clock.now()),
      nextMs: undefined,
      skipped: 0,
      cancel: () => undefined,
    }));
  }

  /** Begins, once the models that lie there were loaded. */
  start(): void {
    this.#isStarting = false;
    const { repository } = this.#options;
    for (const { info } of repository.versions) if (info !== undefined) this.#tellLoaded(info);
    for (const info of this.#candidates()) this.#probeNew(info);
    for (const each of this.#scheduled) {
      this.#catchUp(each);
      this.#scheduleNext(each);
    }
    for (const name of new Set(repository.versions.map((version) => version.name))) repository.reconsider(name);
  }

  /** Versions that serve, or would if nothing held them. */
  #candidates(): readonly ModelInfo[] {
    const { versions } = this.#options.repository;
    const serving = versions.flatMap(({ state, info }) => (state === 'serving' && info !== undefined ? [info] : []));
    return [...serving, ...waitingVersions(versions)];
  }

  /** Why a version must not take traffic from an older one yet. */
  holdReason(info: ModelInfo): string | undefined {
    const { probes, history } = this.#options;
    return holdReason(info, { probes, history, isStarting: this.#isStarting });
  }

  /** Probes a version that is new to it, if it serves or waits to. */
  onVerified(info: ModelInfo): void {
    if (this.#isStarting || this.#isClosed) return;
    this.#tellLoaded(info);
    for (const each of this.#scheduled) if (isTarget(each.probe, info)) this.#tellNext(each);
    this.#probeNew(info);
  }

  #tellLoaded(info: ModelInfo): void {
    const { history, observer, probes } = this.#options;
    const names = probes.filter((probe) => isTarget(probe, info)).map(({ name }) => name);
    const runs = history.latest().filter(({ probe, model }) => names.includes(probe) && isSameVersion(model, info));
    observer.loaded(info, runs);
  }

  #probeNew(info: ModelInfo): void {
    const isCandidate = this.#candidates().some(({ name, version }) => name === info.name && version === info.version);
    if (!isCandidate) return;
    for (const { probe } of this.#scheduled) {
      const isNew = this.#options.history.lastOf(probe.name, info) === undefined;
      if (probe.onNewVersion !== 'never' && isTarget(probe, info) && isNew) this.#enqueue(probe, info, 'new-version');
    }
  }

  #enqueue(probe: ProbeConfig, { name, version }: Pick<ModelInfo, 'name' | 'version'>, trigger: ProbeTrigger) {
    const task: ProbeTask = { runId: this.#options.newRunId(), probe, model: name, version, trigger };
    const known = this.#queue.find(task);
    return { isKnown: known !== undefined, followed: known ?? this.#queue.add(task) };
  }

  #catchUp({ probe, schedule, configuredMs }: Scheduled): void {
    const { history, clock, log, repository } = this.#options;
    for (const info of servingTargets(probe, repository.versions)) {
      const sinceMs = Math.max(configuredMs, history.last(probe.name, info.name)?.startedMs ?? 0);
      if (!schedule.hasPassed(sinceMs, clock.now())) continue;
      log.info(
        { probe: probe.name, model: info.name, catchUp: probe.catchUp },
        'a probe was due while the gateway was down',
      );
      if (probe.catchUp === 'once') this.#enqueue(probe, info, 'catch-up');
    }
  }

  #scheduleNext(each: Scheduled): void {
    const { clock } = this.#options;
    each.nextMs = each.schedule.next(clock.now());
    this.#tellNext(each);
    if (each.nextMs !== undefined) each.cancel = clock.at(each.nextMs, () => this.#fire(each));
  }

  #tellNext({ probe, nextMs }: Scheduled): void {
    const { observer, repository } = this.#options;
    const models = servingTargets(probe, repository.versions).map(({ name }) => name);
    observer.scheduled(probe, models, nextMs);
  }

  #fire(each: Scheduled): void {
    const { repository, log, history } = this.#options;
    const { probe } = each;
    const serving = servingTargets(probe, repository.versions);
    const named = probe.model !== undefined && serving.length === 0 ? [{ name: probe.model, version: '' }] : [];
    // What failed for a reason that may have passed gets another chance to take traffic.
    const retried = waitingVersions(repository.versions).filter(
      (info) => isTarget(probe, info) && history.lastOf(probe.name, info)?.verdict === 'failed',
    );
    for (const target of [...serving, ...named, ...retried]) {
      if (!this.#enqueue(probe, target, 'schedule').isKnown) continue;
      each.skipped++;
      log.warn(
        { probe: probe.name, model: target.name },
        'a probe is due while it still runs or waits, and is skipped',
      );
    }
    this.#scheduleNext(each);
  }

  async #perform(task: ProbeTask, signal: AbortSignal, tell: Parameters<PerformTask>[2]): Promise<ProbeRun> {
    const { perform, log, observer, repository } = this.#options;
    const facts = { probe: task.probe.name, model: task.model, version: task.version, runId: task.runId };
    observer.started(task);
    try {
      const run = await perform(task, signal, tell);
      const { verdict, reason, message } = run;
      log[verdict === 'ok' ? 'info' : 'warn']({ ...facts, verdict, reason, message }, 'probe has run');
      observer.recorded(run);
      this.#changes.tell();
      repository.reconsider(task.model);
      return run;
    } catch (error) {
      if (!signal.aborted) log.error({ ...facts, error }, 'the run of a probe is lost');
      throw error;
    } finally {
      observer.ended(task);
    }
  }

  /**
   * Runs a probe now, or joins the run that goes on or waits.
   *
   * @param model one of its models; `undefined` means all
   * @param version of that model; `undefined` means the one that serves
   * @throws EngineError `PROBE_NOT_FOUND`. Thrown when there is no probe of that name.
   * @throws EngineError `MODEL_NOT_FOUND`. Thrown when the probe has no such model, or none that serves.
   * @throws EngineError `DRAINING`. Thrown when the gateway is shutting down.
   */
  request(name: string, model: string | undefined, version: string | undefined): readonly FollowedTask[] {
    const { probe } = this.#find(name);
    const targets = this.#requested(probe, model, version);
    if (targets.length > 0) return targets.map((info) => this.#enqueue(probe, info, 'request').followed);
    const wanted = [model ?? 'a model', version === undefined ? 'that serves' : `of version ${version}`].join(' ');
    throw new EngineError('MODEL_NOT_FOUND', `expected the probe ${name} to be for ${wanted}, got none`, {
      metadata: { model: model ?? '' },
    });
  }

  #requested(probe: ProbeConfig, model: string | undefined, version: string | undefined): readonly ModelInfo[] {
    const { versions } = this.#options.repository;
    if (version === undefined) {
      return servingTargets(probe, versions).filter(({ name }) => model === undefined || name === model);
    }
    return versions.flatMap(({ info }) =>
      info !== undefined && isTarget(probe, info) && info.version === version && info.name === model ? [info] : [],
    );
  }

  #find(name: string): Scheduled {
    const found = this.#scheduled.find(({ probe }) => probe.name === name);
    if (found !== undefined) return found;
    const names = this.#scheduled.map(({ probe }) => probe.name).join(', ') || 'none';
    throw new EngineError('PROBE_NOT_FOUND', `expected one of the probes ${names}, got ${name || 'none'}`);
  }

  /** All probes, in the order of the configuration. */
  get status(): readonly ProbeStatus[] {
    const { repository, history } = this.#options;
    return this.#scheduled.map(({ probe, nextMs, configuredMs, skipped }) => {
      const models = servingTargets(probe, repository.versions).map(({ name }) => name);
      return {
        probe,
        models,
        nextMs,
        configuredMs,
        skipped,
        tasks: this.#queue.tasks.filter(({ task }) => task.probe.name === probe.name),
        lastRuns: models.flatMap((model) => history.last(probe.name, model) ?? []),
      };
    });
  }

  /** Resolved when the next run has been committed, the prober was closed, or the signal is aborted. */
  async nextFinished(signal: AbortSignal): Promise<void> {
    if (!this.#isClosed) await this.#changes.next(signal);
  }

  /** Whether no further run will come. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Ends the run that goes on, without a trace of it, and begins none any more. */
  close(reason: EngineError): Promise<void> {
    this.#closed ??= this.#close(reason);
    return this.#closed;
  }

  async #close(reason: EngineError): Promise<void> {
    this.#isClosed = true;
    for (const { cancel } of this.#scheduled) cancel();
    await this.#queue.close(reason);
    this.#changes.tell();
  }
}
