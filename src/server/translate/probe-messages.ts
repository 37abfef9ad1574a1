import {
  ProbeState,
  ProbeTrigger,
  ProbeVerdict,
  type AttackFigures as WireAttackFigures,
  type Figure as WireFigure,
  type Probe as WireProbe,
  type ProbeProgress as WireProbeProgress,
  type ProbeRun as WireProbeRun,
  type ProbeRunStarted as WireProbeRunStarted,
  type TaskFigures as WireTaskFigures,
} from '../../contract/robustgate/v1/probe.js';
import type { AttackFigures, Figure, TaskFigures } from '../../engine/index.js';
import type { FollowedTask, ProbeProgress } from '../probes/probe-queue.js';
import type { ProbeRun, ProbeTrigger as Trigger, ProbeVerdict as Verdict } from '../probes/probe-run.js';
import type { ProbeStatus } from '../probes/prober.js';

const TRIGGERS: Readonly<Record<Trigger, ProbeTrigger>> = {
  schedule: ProbeTrigger.SCHEDULE,
  'catch-up': ProbeTrigger.CATCH_UP,
  'new-version': ProbeTrigger.NEW_VERSION,
  request: ProbeTrigger.REQUEST,
};

const VERDICTS: Readonly<Record<Verdict, ProbeVerdict>> = {
  ok: ProbeVerdict.OK,
  regression: ProbeVerdict.REGRESSION,
  suspect: ProbeVerdict.SUSPECT,
  failed: ProbeVerdict.FAILED,
};

/** The name of a verdict of the contract; `undefined` where there is none of that number. */
export const verdictName = (verdict: ProbeVerdict): Verdict | undefined =>
  (Object.keys(VERDICTS) as Verdict[]).find((name) => VERDICTS[name] === verdict);

/** A probe as clients see it. */
export function writeProbe({ probe, models, nextMs, configuredMs, tasks, skipped, lastRuns }: ProbeStatus): WireProbe {
  const isRunning = tasks.some(({ state }) => state.phase === 'running');
  return {
    name: probe.name,
    schedule: probe.schedule,
    timeZone: probe.timeZone,
    dataset: probe.dataset,
    examples: probe.examples,
    attacks: [...probe.attacks],
    seed: BigInt(probe.seed),
    models: [...models],
    state: isRunning ? ProbeState.RUNNING : tasks.length > 0 ? ProbeState.QUEUED : ProbeState.IDLE,
    nextRunMs: nextMs === undefined ? undefined : BigInt(nextMs),
    configuredMs: BigInt(configuredMs),
    skipped: BigInt(skipped),
    current: tasks.map(writeStarted),
    lastRuns: lastRuns.map(writeProbeRun),
  };
}

const positionOf = ({ state }: FollowedTask): number => (state.phase === 'queued' ? state.position : 0);

/** A run that waits or goes on. */
export const writeStarted = (followed: FollowedTask): WireProbeRunStarted => ({
  runId: followed.task.runId,
  probe: followed.task.probe.name,
  modelName: followed.task.model,
  modelVersion: followed.task.version,
  trigger: TRIGGERS[followed.task.trigger],
  queuePosition: positionOf(followed),
});

/** How far it is; `progress` is `undefined` before anything is known. */
export const writeProgress = (followed: FollowedTask, progress: ProbeProgress | undefined): WireProbeProgress => ({
  runId: followed.task.runId,
  queuePosition: positionOf(followed),
  attack: progress?.attack ?? 0,
  attacks: progress?.attacks ?? 0,
  spec: progress?.spec ?? '',
  examplesDone: progress?.examplesDone ?? 0,
  examplesTotal: progress?.examplesTotal ?? 0,
  etaSeconds: progress?.etaSeconds,
});

/** A finished run as clients see it. */
export const writeProbeRun = (run: ProbeRun): WireProbeRun => ({
  sequence: BigInt(run.sequence),
  runId: run.runId,
  probe: run.probe,
  trigger: TRIGGERS[run.trigger],
  modelName: run.model.name,
  modelVersion: run.model.version,
  modelSha256: run.model.sha256,
  dataset: run.dataset,
  startedMs: BigInt(run.startedMs),
  finishedMs: BigInt(run.finishedMs),
  verdict: VERDICTS[run.verdict],
  reason: run.reason,
  message: run.message,
  doubts: [...run.doubts],
  seed: BigInt(run.seed),
  examples: run.examples,
  imageSteps: BigInt(run.imageSteps),
  attacks: run.attacks.map(writeAttack),
  gradients: run.gradients && {
    tasks: [...run.gradients.tasks],
    theorem1Factor: run.gradients.theorem1Factor,
  },
});

const writeAttack = (figures: AttackFigures): WireAttackFigures => ({
  spec: figures.spec,
  attack: figures.attack,
  objective: figures.objective,
  epsilon: figures.epsilon,
  examples: figures.examples,
  tasks: figures.tasks.map(writeTask),
  broken: figures.broken,
  doubts: [...figures.doubts],
  worst: [...figures.worst],
});

const writeTask = (figures: TaskFigures): WireTaskFigures => ({
  task: figures.task,
  attacked: figures.attacked,
  metric: figures.metric,
  unit: figures.unit,
  higherIsBetter: figures.higherIsBetter,
  examples: figures.examples,
  clean: writeFigure(figures.clean),
  adversarial: writeFigure(figures.adversarial),
  adversarial8bit: figures.adversarial8bit && writeFigure(figures.adversarial8bit),
  broken: figures.broken,
  cleanBroken: figures.cleanBroken,
});

const writeFigure = ({ value, lower, upper }: Figure): WireFigure => ({ value, lower, upper });
