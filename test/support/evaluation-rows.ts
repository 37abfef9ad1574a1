import type { EvaluationIdentity } from '../../src/engine/evaluation/result.js';
import type { EvaluationRow, RowTask } from '../../src/engine/evaluation/row.js';
import type { MetricPart } from '../../src/engine/metrics/metric.js';

/** An evaluation of four examples under these attacks, but for what the test is about. */
export const identityOf = (suite: readonly string[], change: Partial<EvaluationIdentity> = {}): EvaluationIdentity => ({
  model: { name: 'model', version: '1', sha256: 'aa' },
  dataset: { name: 'small', kind: 'manifest', digest: 'dd', size: 4 },
  suite,
  seed: 0,
  labelFree: false,
  limit: 4,
  ...change,
});

/** A task of a row: the metric's sums before and after. */
export const rowTask = (
  task: string,
  clean: MetricPart,
  adversarial: MetricPart,
  change: Partial<RowTask> = {},
): RowTask => ({ task, attacked: true, labelSource: 'request', clean, adversarial, ...change });

export const one = (sum: number): MetricPart => ({ count: 1, sum });

export const evaluationRow = (
  attack: number,
  index: number,
  tasks: readonly RowTask[],
  change: Partial<EvaluationRow> = {},
): EvaluationRow => ({
  attack,
  index,
  key: `key-${index}`,
  tasks,
  linf: 4,
  l2: 9,
  steps: 10,
  restart: 0,
  terminatedBy: 'completed',
  batchSize: 8,
  warnings: [],
  ...change,
});
