import { ERROR_CODES } from '../../engine/index.js';
import type { ProbeRun } from '../probes/probe-run.js';
import {
  ATTACK_LABELS,
  attackLabels,
  type Configured,
  type ConfiguredProbe,
  configurationGauges,
  figureGauges,
  type Known,
  type ProbedVersion,
  stateGauges,
  VERDICTS,
  VERSION_LABELS,
  versionLabels,
} from './probe-gauges.js';
import type { Counter, Histogram, MetricRegistry } from './registry.js';

/** Seconds. */
const DURATION_BUCKETS = [1, 5, 15, 60, 300, 900, 1800, 3600, 10_800];

const keyOf = (...parts: readonly string[]): string => JSON.stringify(parts);

/** Whether figures of a run can be trusted: a regression is bad news, but news. */
const isTrusted = ({ verdict }: ProbeRun): boolean => verdict === 'ok' || verdict === 'regression';

/**
 * What probes found, as metrics. Figures are there only after a run that can be trusted, and not while the last one is suspect: a 0,
 * or a figure that flatters, would be worse than none.
 */
export class ProbeMetrics {
  readonly #now: () => number;
  readonly #configured = new Map<string, Configured>();
  readonly #known = new Map<string, Known>();
  readonly #examples: Counter;
  readonly #broken: Counter;
  readonly #failures: Counter;
  readonly #runs: Counter;
  readonly #durations: Histogram;

  /** @param now milliseconds since 1970 */
  constructor(registry: MetricRegistry, now: () => number = Date.now) {
    this.#now = now;
    const attacked = [...VERSION_LABELS, ...ATTACK_LABELS];
    this.#examples = registry.counter({
      name: 'probe_examples_total',
      help: 'Examples that probes attacked, in runs that can be trusted.',
      labels: attacked,
    });
    this.#broken = registry.counter({
      name: 'probe_examples_broken_total',
      help: 'Those that were broken, for attacks where something says when an example is.',
      labels: attacked,
    });
    this.#failures = registry.counter({
      name: 'probe_failures_total',
      help: 'Runs of probes that failed, by the code of the error.',
      labels: ['probe', 'model', 'reason'],
    });
    this.#runs = registry.counter({
      name: 'probe_runs_total',
      help: 'Runs of probes that ended, by what to think of them.',
      labels: ['probe', 'model', 'verdict'],
    });
    this.#durations = registry.histogram(
      { name: 'probe_duration_seconds', help: 'Time that runs of probes took.', labels: ['probe', 'model'] },
      DURATION_BUCKETS,
    );
    configurationGauges(registry, () => this.#configured.values());
    stateGauges(registry, () => this.#known.values());
    figureGauges(registry, () =>
      [...this.#known.values()].flatMap(({ shown }) => (shown === undefined ? [] : [shown])),
    );
  }

  /**
   * Says which probes there are, all of them; those that were there keep the time since when, and what they found. Figures of
   * others go.
   */
  configured(probes: readonly ConfiguredProbe[]): void {
    const before = new Map(this.#configured);
    this.#configured.clear();
    for (const probe of probes) {
      const key = keyOf(probe.name, probe.model);
      const known = before.get(key);
      before.delete(key);
      this.#configured.set(key, {
        probe,
        sinceMs: known?.sinceMs ?? probe.sinceMs ?? this.#now(),
        nextMs: known?.nextMs,
      });
      this.#prepare(probe);
    }
    for (const { probe } of before.values()) {
      this.#drop(({ probed }) => probed.probe === probe.name && probed.model === probe.model);
      const labels = { probe: probe.name, model: probe.model };
      for (const metric of [this.#examples, this.#broken, this.#failures, this.#runs, this.#durations]) {
        metric.forget(labels);
      }
    }
  }

  /** Counters are there, at 0, before anything happens, so that their first increase is seen. */
  #prepare({ name: probe, model }: ConfiguredProbe): void {
    for (const verdict of VERDICTS) this.#runs.add({ probe, model, verdict }, 0);
    this.#durations.prepare({ probe, model });
  }

  /** Says when a probe runs next, in milliseconds since 1970; `undefined` where it does not. */
  scheduled(probe: string, model: string, nextMs: number | undefined): void {
    const known = this.#configured.get(keyOf(probe, model));
    if (known !== undefined) known.nextMs = nextMs;
  }

  /** A run begins. */
  started(probed: ProbedVersion): void {
    const known = this.#of(probed);
    known.isRunning = true;
    known.lastAttemptMs = this.#now();
  }

  /** A run is over, also one that leaves nothing behind, as when the gateway drains. */
  finished(probed: ProbedVersion): void {
    const known = this.#known.get(keyOf(probed.probe, probed.model, probed.version));
    if (known !== undefined) known.isRunning = false;
  }

  /** A run has ended: counts it, and shows what it found. */
  record(run: ProbeRun): void {
    const { probe, verdict } = run;
    const model = run.model.name;
    this.#runs.add({ probe, model, verdict });
    this.#durations.observe({ probe, model }, Math.max(0, run.finishedMs - run.startedMs) / 1000);
    if (verdict === 'failed') {
      const reason = ERROR_CODES.find((code) => code === run.reason) ?? 'INTERNAL';
      this.#failures.add({ probe, model, reason });
    }
    if (isTrusted(run)) {
      for (const attack of run.attacks) {
        const labels = { ...versionLabels(run), ...attackLabels(attack) };
        this.#examples.add(labels, attack.examples);
        if (attack.broken !== undefined) this.#broken.add(labels, attack.broken);
      }
    }
    this.#show(run);
  }

  /**
   * Shows what was found before a restart; nothing is counted again.
   *
   * @param runs of each probe and version at least the last one, the last that can be trusted and the last that is suspect
   */
  restore(runs: Iterable<ProbeRun>): void {
    for (const run of [...runs].toSorted((a, b) => a.sequence - b.sequence)) this.#show(run);
  }

  #show(run: ProbeRun): void {
    const known = this.#of({ probe: run.probe, model: run.model.name, version: run.model.version });
    known.last = run;
    known.isRunning = false;
    known.lastAttemptMs = Math.max(known.lastAttemptMs ?? 0, run.startedMs);
    if (isTrusted(run)) {
      known.shown = run;
      known.lastSuccessMs = run.finishedMs;
    }
    if (run.verdict === 'suspect') known.shown = undefined;
  }

  /** A version is unloaded: its series go. */
  forget(model: string, version: string): void {
    this.#drop(({ probed }) => probed.model === model && probed.version === version);
    for (const counter of [this.#examples, this.#broken]) counter.forget({ model, version });
  }

  #drop(isMeant: (known: Known) => boolean): void {
    for (const [key, known] of this.#known) if (isMeant(known)) this.#known.delete(key);
  }

  #of(probed: ProbedVersion): Known {
    const key = keyOf(probed.probe, probed.model, probed.version);
    const known = this.#known.get(key) ?? {
      probed,
      last: undefined,
      shown: undefined,
      lastAttemptMs: undefined,
      lastSuccessMs: undefined,
      isRunning: false,
    };
    this.#known.set(key, known);
    return known;
  }
}
