import test from 'ava';
import { figureTasks } from '../../../src/engine/evaluation/figures.js';
import { exampleSums, reduceEvaluation } from '../../../src/engine/evaluation/reduce.js';
import type { EvaluationResult } from '../../../src/engine/evaluation/result.js';
import { parseEvaluationResult } from '../../../src/engine/evaluation/result-schema.js';
import { evaluationRow, identityOf, one, rowTask } from '../../support/evaluation-rows.js';
import { taskInfo } from '../../support/model-info.js';

function result(): EvaluationResult {
  const identity = identityOf(['pgd(steps=10,eps=4)@sum(map=1)']);
  const part = { count: 3, sum: 2, confusion: [2, 1, 0, 0] };
  const rows = [0, 1].map((i) =>
    evaluationRow(0, i, [
      rowTask('map', part, part, { broken: true, cleanLoss: 1, adversarialLoss: 2 }),
      rowTask('class', one(1), one(0)),
    ]),
  );
  const tasks = figureTasks([
    taskInfo('map', { kind: 'semantic-segmentation', labelForm: 'class-map', metric: 'miou' }),
    taskInfo('class'),
  ]);
  const doubts = new Map([[0, [{ reason: 'MORE_STEPS_HELP', message: 'give it more' }]]]);
  return {
    schemaVersion: 1,
    robustgate: '0.1.0',
    identity,
    provenance: { programVersion: 'p', provider: 'cpu', batchSize: 8 },
    attacks: reduceEvaluation(identity, { tasks }, rows, { doubts }),
    skipped: [{ index: 2, key: 'key-2', reason: 'gone' }],
    verdict: 'suspect',
    gates: [{ gate: 'map.miou > 0', verdict: 'inconclusive', message: 'suspect' }],
    baseline: { model: identity.model, verdict: 'pass', tasks: [] },
    startedAt: '2026-01-01T00:00:00.000Z',
    durationSeconds: 1.5,
    examples: exampleSums(identity, rows),
  };
}

test('what a result says is read back as it was written', (t) => {
  t.deepEqual(parseEvaluationResult(JSON.stringify(result()), 'r.json'), result());
});

const wrong: readonly (readonly [title: string, text: () => string, message: RegExp])[] = [
  ['no JSON', () => 'result', /^r.json: expected JSON, got result$/],
  ['another version', () => JSON.stringify({ ...result(), schemaVersion: 2 }), /^r.json: schemaVersion: .*1/],
  ['an unknown key', () => JSON.stringify({ ...result(), more: 1 }), /^r.json: file: .*more/],
];
for (const [title, text, message] of wrong) {
  test(`a file with ${title} is no result`, (t) => {
    t.throws(() => parseEvaluationResult(text(), 'r.json'), { code: 'INVALID_OPTION', message });
  });
}
