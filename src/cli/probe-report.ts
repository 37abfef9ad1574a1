import {
  type AttackFigures,
  type Figure,
  type Probe,
  type ProbeProgress,
  type ProbeRun,
  ProbeState,
  ProbeTrigger,
  ProbeVerdict,
} from '../clients/index.js';
import { enumName, formatTable, metricTitle, numberText, secondsOf, wordOf } from './format.js';
import { plain } from './json.js';
import type { ProgressState } from './progress.js';

const verdictText = ({ verdict }: ProbeRun): string => wordOf(enumName(ProbeVerdict, verdict));
const triggerText = ({ trigger }: ProbeRun): string => wordOf(enumName(ProbeTrigger, trigger));
const timeText = (ms: bigint | undefined): string => (ms === undefined ? 'never' : new Date(Number(ms)).toISOString());
const durationOf = ({ startedMs, finishedMs }: ProbeRun): string => secondsOf(Number(finishedMs - startedMs) / 1000);

/** `state` is also that of a model elsewhere. */
export const probeDocument = (probe: Probe): object => ({
  ...probe,
  state: enumName(ProbeState, probe.state),
});

/** A line for each probe. */
export function probesText(probes: readonly Probe[]): string {
  if (probes.length === 0) return 'no probes\n';
  const rows = probes.map((probe) => [
    probe.name,
    wordOf(enumName(ProbeState, probe.state)),
    `${probe.schedule} ${probe.timeZone}`,
    timeText(probe.nextRunMs),
    probe.models.join(', ') || 'none',
    probe.lastRuns.map((run) => `${verdictText(run)} ${timeText(run.finishedMs)}`).join(', ') || 'none yet',
  ]);
  return formatTable(['probe', 'state', 'schedule', 'next', 'models', 'last run'], rows, [0, 1, 2, 3, 4, 5]);
}

/** A line for each run. Figures that should not be trusted are left out. */
export function historyText(runs: readonly ProbeRun[]): string {
  if (runs.length === 0) return 'no runs\n';
  const rows = runs.map((run) => [
    `${run.sequence}`,
    run.runId,
    `${run.modelName} ${run.modelVersion}`,
    timeText(run.startedMs),
    durationOf(run),
    verdictText(run),
    run.reason === '' ? robustText(run) : run.reason,
  ]);
  return formatTable(['sequence', 'run', 'model', 'began', 'took', 'verdict', 'what'], rows, [1, 2, 3, 5, 6]);
}

/** One line, for those who watch. */
export const runLine = (run: ProbeRun): string =>
  `${run.sequence} ${timeText(run.finishedMs)} ${run.probe} on ${run.modelName} ${run.modelVersion}: ${verdictText(run)}` +
  ` ${run.reason === '' ? robustText(run) : `${run.reason}: ${run.message}`}\n`;

/** Attacked tasks under the first attack. */
const robustText = ({ attacks: [first] }: ProbeRun): string =>
  (first?.tasks ?? [])
    .filter(({ attacked }) => attacked)
    .map(({ task, metric, adversarial }) => `${task}.${metric} ${figureText(adversarial)}`)
    .join(', ');

/** A run with all of its figures. */
export function probeRunText(run: ProbeRun): string {
  const { reason, message } = run;
  const why = [reason, message].filter((text) => text !== '').join(': ');
  const lines = [
    `${run.runId}: ${verdictText(run)}${why === '' ? '' : `, ${why}`}`,
    `${run.probe} on ${run.modelName} version ${run.modelVersion}, sha256 ${run.modelSha256}`,
    `${run.examples} examples of ${run.dataset}, ${run.imageSteps} gradients, seed ${run.seed}`,
    `${triggerText(run)}, began ${timeText(run.startedMs)}, took ${durationOf(run)}, sequence ${run.sequence}`,
    ...run.doubts.map((doubt) => `not to be trusted: ${doubt.reason}: ${doubt.message}`),
  ];
  const { tasks = [], theorem1Factor } = run.gradients ?? {};
  const gradients = tasks.map(({ task, meanL2 }) => `${task} ${numberText(meanL2)}`).join(', ');
  const factor = theorem1Factor === undefined ? '' : `, factor of Theorem 1 ${numberText(theorem1Factor)}`;
  return [
    `${lines.join('\n')}\n`,
    ...run.attacks.map(attackText),
    ...(gradients === '' ? [] : [`gradient norms per level: ${gradients}${factor}\n`]),
  ].join('\n');
}

function attackText({ spec, tasks, examples, broken, doubts }: AttackFigures): string {
  const isSuspect = doubts.length > 0;
  const mark = (figure: Figure | undefined): string => `${figureText(figure)}${isSuspect ? ' ?' : ''}`;
  const rows = tasks.map((task) => [
    task.task,
    task.attacked ? 'yes' : 'no',
    metricTitle(task),
    mark(task.clean),
    mark(task.adversarial),
    mark(task.adversarial8bit),
  ]);
  const count = `${examples} examples${broken === undefined ? '' : `, ${broken} broken`}`;
  const trust = isSuspect ? ', SUSPECT' : '';
  const header = ['task', 'attacked', 'metric', 'clean', 'adversarial', 'in 8 bits'];
  return `${spec}: ${count}${trust}\n${formatTable(header, rows, [0, 1, 2])}`;
}

function figureText(figure: Figure | undefined): string {
  if (figure?.value === undefined) return '–';
  const { value, lower, upper } = figure;
  const interval = lower === undefined || upper === undefined ? '' : ` (${numberText(lower)} … ${numberText(upper)})`;
  return `${numberText(value)}${interval}`;
}

/** Progress of a run for the eye. */
export function probeState(progress: ProbeProgress): ProgressState {
  const { queuePosition, attack, attacks, spec, examplesDone, examplesTotal, etaSeconds } = progress;
  const isWaiting = queuePosition > 0;
  return {
    phase: isWaiting ? `queued, ${queuePosition} ahead` : 'probing',
    fraction: examplesTotal > 0 ? examplesDone / examplesTotal : undefined,
    facts:
      isWaiting || attacks === 0
        ? []
        : [`attack ${attack + 1}/${attacks}`, `examples ${examplesDone}/${examplesTotal}`, spec],
    etaSeconds,
    data: plain(progress) as Record<string, unknown>,
  };
}
