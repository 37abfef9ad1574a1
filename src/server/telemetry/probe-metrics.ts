import { ERROR_CODES, type Figure, type TaskFigures } from '../../engine/index.js';
import type { ProbeRun, ProbeVerdict } from '../probes/probe-run.js';
import type { Counter, Histogram, Labels, MetricRegistry } from './registry.js';

/** A probe of one model, as it is configured; one for a label is one for each model that has the label. */
export interface ConfiguredProbe {
  readonly name: string;
  readonly model: string;
  readonly dataset: string;
  /** Attacks in the text form: `pgd(steps=50,eps=4)@sum(segmentation=1)`. */
  readonly attacks: readonly string[];
  /** As it is written in the configuration. */
  readonly schedule: string;
  /** Its figures are stale when the last good run is longer ago. */
  readonly staleAfterSeconds: number;
}

/** A probe of a version. */
export interface ProbedVersion {
  readonly probe: string;
  readonly model: string;
  readonly version: string;
}

const VERDICTS: readonly ProbeVerdict[] = ['ok', 'regression', 'suspect', 'failed'];

/** Seconds. */
const DURATION_BUCKETS = [1, 5, 15, 60, 300, 900, 1800, 3600, 10_800];

interface Known {
  readonly probed: ProbedVersion;
  /** The last run that ended. */
  last: ProbeRun | undefined;
  /** The run whose figures are shown: none before one was good, and while they are suspect. */
  shown: ProbeRun | undefined;
  lastAttemptMs: number | undefined;
  lastSuccessMs: number | undefined;
  isRunning: boolean;
}

interface Configured {
  readonly probe: ConfiguredProbe;
  readonly sinceMs: number;
  nextMs: number | undefined;
}

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
      this.#configured.set(key, { probe, sinceMs: known?.sinceMs ?? this.#now(), nextMs: known?.nextMs });
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

const VERSION_LABELS = ['probe', 'model', 'version', 'dataset'] as const;
const ATTACK_LABELS = ['attack', 'epsilon'] as const;

const versionLabels = ({ probe, model, dataset }: ProbeRun): Labels => ({
  probe,
  model: model.name,
  version: model.version,
  dataset,
});

const attackLabels = ({ spec, epsilon }: ProbeRun['attacks'][number]): Labels => ({
  attack: spec,
  epsilon: `${epsilon}/255`,
});

/** What is there from the moment on that a probe is configured. */
function configurationGauges(registry: MetricRegistry, probes: () => Iterable<Configured>): void {
  const gauge = (name: string, help: string, read: (probe: Configured) => number | undefined): void =>
    registry.gauge({ name, help, labels: ['probe', 'model'] }, () =>
      [...probes()].flatMap((configured) => {
        const value = read(configured);
        const { name: probe, model } = configured.probe;
        return value === undefined ? [] : [[{ probe, model }, value] as const];
      }),
    );
  registry.gauge(
    {
      name: 'probe_info',
      help: 'Probes that are configured: always 1.',
      labels: ['probe', 'model', 'dataset', 'schedule', 'attacks'],
    },
    () =>
      [...probes()].map(
        ({ probe: { name, model, dataset, schedule, attacks } }) =>
          [{ probe: name, model, dataset, schedule, attacks: attacks.join(' ') }, 1] as const,
      ),
  );
  const since = 'Since when a probe is configured here, in seconds since 1970.';
  gauge('probe_configured_timestamp_seconds', since, ({ sinceMs }) => sinceMs / 1000);
  const stale = 'Figures of a probe are stale when its last good run is longer ago.';
  gauge('probe_stale_after_seconds', stale, ({ probe }) => probe.staleAfterSeconds);
  const next = 'When a probe runs next, in seconds since 1970.';
  gauge('probe_next_run_timestamp_seconds', next, ({ nextMs }) => nextMs && nextMs / 1000);
}

/** What is there from the first run on, whatever it found. */
function stateGauges(registry: MetricRegistry, versions: () => Iterable<Known>): void {
  const gauge = (name: string, help: string, read: (known: Known) => number | undefined): void =>
    registry.gauge({ name, help, labels: ['probe', 'model', 'version'] }, () =>
      [...versions()].flatMap((known) => {
        const value = read(known);
        return value === undefined ? [] : [[{ ...known.probed }, value] as const];
      }),
    );
  gauge('probe_running', 'Whether a probe of a version runs now: 1 or 0.', ({ isRunning }) => (isRunning ? 1 : 0));
  gauge(
    'probe_last_attempt_timestamp_seconds',
    'When the last run began, in seconds since 1970.',
    ({ lastAttemptMs }) => lastAttemptMs && lastAttemptMs / 1000,
  );
  gauge(
    'probe_last_success_timestamp_seconds',
    'When the last run ended whose figures can be trusted, in seconds since 1970.',
    ({ lastSuccessMs }) => lastSuccessMs && lastSuccessMs / 1000,
  );
  registry.gauge(
    {
      name: 'probe_verdict',
      help: 'What to think of the last run: 1 for that verdict, 0 for the others.',
      labels: ['probe', 'model', 'version', 'verdict'],
    },
    () =>
      [...versions()].flatMap(({ probed, last }) =>
        last === undefined
          ? []
          : VERDICTS.map((verdict) => [{ ...probed, verdict }, verdict === last.verdict ? 1 : 0] as const),
      ),
  );
}

/** One task of one attack of a run that is shown. */
interface ShownTask {
  readonly labels: Labels;
  readonly attack: Labels;
  readonly figures: TaskFigures;
}

/** What is there only while it can be trusted. */
function figureGauges(registry: MetricRegistry, shown: () => readonly ProbeRun[]): void {
  const tasks = (): readonly ShownTask[] =>
    shown().flatMap((run) =>
      run.attacks.flatMap((attack) =>
        attack.verdict === 'suspect'
          ? []
          : attack.tasks.map((figures) => ({ labels: versionLabels(run), attack: attackLabels(attack), figures })),
      ),
    );
  for (const [name, isScore, meaning] of [
    ['score_ratio', true, '(higher is better)'],
    ['error', false, '(lower is better)'],
  ] as const) {
    const own = isScore ? ['task', 'metric'] : ['task', 'metric', 'unit'];
    for (const [suffix, part, bound] of [
      ['', 'value', ''],
      ['_lower', 'lower', 'lower 95 % bound of the '],
      ['_upper', 'upper', 'upper 95 % bound of the '],
    ] as const) {
      const readings = (isRobust: boolean) => () =>
        tasks().flatMap(({ labels, attack, figures }) => {
          const value = figureOf(figures, isRobust)[part];
          if (figures.higherIsBetter !== isScore || value === undefined) return [];
          const series = { ...labels, ...taskLabels(figures, isScore), ...(isRobust && robustLabels(attack, figures)) };
          return [[series, value] as const];
        });
      registry.gauge(
        {
          name: `robust_${name}${suffix}`,
          help: sentence(`${bound}figure of a task under attack ${meaning}.`),
          labels: [...VERSION_LABELS, ...ATTACK_LABELS, 'attacked', ...own],
        },
        readings(true),
      );
      registry.gauge(
        {
          name: `clean_${name}${suffix}`,
          help: sentence(`${bound}figure of a task without an attack ${meaning}.`),
          labels: [...VERSION_LABELS, ...own],
        },
        readings(false),
      );
    }
  }
  runGauges(registry, shown);
}

function runGauges(registry: MetricRegistry, shown: () => readonly ProbeRun[]): void {
  registry.gauge(
    { name: 'probe_examples', help: 'Examples behind the figures that are shown.', labels: VERSION_LABELS },
    () => shown().map((run) => [versionLabels(run), run.examples] as const),
  );
  registry.gauge(
    {
      name: 'gradient_norm',
      help: "Mean L2 norm of the gradient of a task's loss at clean inputs, per level of 255.",
      labels: [...VERSION_LABELS, 'task'],
    },
    () =>
      shown().flatMap((run) =>
        (run.gradients?.tasks ?? []).map(({ task, meanL2 }) => [{ ...versionLabels(run), task }, meanL2] as const),
      ),
  );
  registry.gauge(
    {
      name: 'theorem1_factor',
      help: 'Factor by which the tasks together bound the adversarial vulnerability, as Theorem 1 has it.',
      labels: VERSION_LABELS,
    },
    () =>
      shown().flatMap((run) => {
        const factor = run.gradients?.theorem1Factor;
        return factor === undefined ? [] : [[versionLabels(run), factor] as const];
      }),
  );
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const figureOf = ({ adversarial, clean }: TaskFigures, isRobust: boolean): Figure => (isRobust ? adversarial : clean);

const robustLabels = (attack: Labels, { attacked }: TaskFigures): Labels => ({ ...attack, attacked: `${attacked}` });

const taskLabels = ({ task, metric, unit }: TaskFigures, isScore: boolean): Labels => ({
  task,
  metric,
  ...(!isScore && { unit }),
});
