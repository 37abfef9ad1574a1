import {
  type AttackStarted,
  type AttackSummary,
  type CollectedResult,
  type TaskOutcome,
  TerminatedBy,
} from '../clients/index.js';
import { enumName, formatTable, metricText, metricTitle, secondsOf, valueText } from './format.js';

/** The tables of a finished attack. */
export function attackText(
  started: AttackStarted,
  results: readonly CollectedResult[],
  summary: AttackSummary,
): string {
  const { imageSteps, durationSeconds, provenance, exampleCount, examplesBroken, terminatedBy } = summary;
  const broken = examplesBroken === undefined ? '' : `, ${examplesBroken} broken`;
  return [
    `${started.modelName} version ${started.modelVersion}: ${started.specText}, seed ${started.seed}\n`,
    formatTable(
      ['task', 'attacked', 'metric', 'clean', 'adversarial', 'in 8 bits', 'clean loss', 'adversarial loss'],
      summary.tasks.map(outcomeRow),
      [0, 1, 2],
    ),
    formatTable(
      ['example', 'perturbation', 'steps', 'ended', 'clean → adversarial'],
      results.map(resultRow),
      [0, 3, 4],
    ),
    `${exampleCount} examples${broken}, ${imageSteps} gradients in ${secondsOf(durationSeconds)}, ` +
      `${enumName(TerminatedBy, terminatedBy).toLowerCase()}, batches of ${provenance?.batchSize ?? 0} on ${provenance?.provider ?? ''}\n` +
      transferLine(summary),
  ].join('\n');
}

/** Whose gradients they were, and what the remote was asked; nothing of a model that runs here. */
function transferLine({ provenance, remoteQueries }: AttackSummary): string {
  const surrogate = provenance?.surrogate;
  const transfer =
    surrogate && `transfer: gradients of ${surrogate.name} version ${surrogate.version}, sha256 ${surrogate.sha256}\n`;
  return `${transfer ?? ''}${remoteQueries > 0n ? `${remoteQueries} examples were sent to the remote model\n` : ''}`;
}

function outcomeRow(outcome: TaskOutcome): string[] {
  const { name = '', unit = '', higherIsBetter = false } = outcome.clean ?? {};
  return [
    outcome.task,
    outcome.attacked ? 'yes' : 'no',
    metricTitle({ metric: name, unit, higherIsBetter }),
    metricText(outcome.clean),
    metricText(outcome.adversarial),
    metricText(outcome.adversarial8bit),
    valueText(outcome.cleanLoss),
    valueText(outcome.adversarialLoss),
  ];
}

function resultRow({ result }: CollectedResult): string[] {
  const { exampleKey, perturbation, steps, terminatedBy, tasks } = result;
  return [
    exampleKey,
    `${Number((perturbation?.linf ?? 0).toFixed(3))}/255`,
    `${steps}`,
    enumName(TerminatedBy, terminatedBy).toLowerCase(),
    tasks.map(({ task, clean, adversarial }) => `${task} ${metricText(clean)} → ${metricText(adversarial)}`).join(', '),
  ];
}
