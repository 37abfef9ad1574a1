import type { Figure, TaskFigures } from '../../engine/index.js';
import type { ProbeRun, ProbeVerdict } from '../probes/probe-run.js';
import type { Labels, MetricRegistry } from './registry.js';

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
  /** Since when, in milliseconds since 1970, where that was remembered. Default: now. */
  readonly sinceMs?: number;
}

/** A probe of a version. */
export interface ProbedVersion {
  readonly probe: string;
  readonly model: string;
  readonly version: string;
}

/** All that can be thought of a run. */
export const VERDICTS: readonly ProbeVerdict[] = ['ok', 'regression', 'suspect', 'failed'];

/** What is known of a probe of a version. */
export interface Known {
  readonly probed: ProbedVersion;
  /** The last run that ended. */
  last: ProbeRun | undefined;
  /** The run whose figures are shown: none before one was good, and while they are suspect. */
  shown: ProbeRun | undefined;
  lastAttemptMs: number | undefined;
  lastSuccessMs: number | undefined;
  isRunning: boolean;
}

/** A probe, with what is known of its times. */
export interface Configured {
  readonly probe: ConfiguredProbe;
  readonly sinceMs: number;
  nextMs: number | undefined;
}

/** Labels of what was found out about a version. */
export const VERSION_LABELS = ['probe', 'model', 'version', 'dataset'] as const;
/** Labels of an attack. */
export const ATTACK_LABELS = ['attack', 'epsilon'] as const;

/** Values of `VERSION_LABELS`. */
export const versionLabels = ({ probe, model, dataset }: ProbeRun): Labels => ({
  probe,
  model: model.name,
  version: model.version,
  dataset,
});

/** Values of `ATTACK_LABELS`. */
export const attackLabels = ({ spec, epsilon }: ProbeRun['attacks'][number]): Labels => ({
  attack: spec,
  epsilon: `${epsilon}/255`,
});

/** Makes what is there from the moment on that a probe is configured. */
export function configurationGauges(registry: MetricRegistry, probes: () => Iterable<Configured>): void {
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

/** Makes what is there from the first run on, whatever it found. */
export function stateGauges(registry: MetricRegistry, versions: () => Iterable<Known>): void {
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

/** Makes what is there only while it can be trusted. */
export function figureGauges(registry: MetricRegistry, shown: () => readonly ProbeRun[]): void {
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
    { name: 'probe_sample_size', help: 'Examples behind the figures that are shown.', labels: VERSION_LABELS },
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
