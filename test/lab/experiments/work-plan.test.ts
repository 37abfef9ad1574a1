import test from 'ava';
import { parseSpec } from '../../../src/engine/index.js';
import { cellDigest } from '../../../src/lab/experiments/cell-plan.js';
import { EXPERIMENT_NAMES } from '../../../src/lab/experiments/experiment.js';
import { experimentOf } from '../../../src/lab/experiments/list.js';
import { dataDigest, lettersOf, modelDigest, trainingConfigOf } from '../../../src/lab/experiments/model-plan.js';
import { SCALE_NAMES, scaleOf } from '../../../src/lab/experiments/scales.js';
import { type WorkItem, workPlan } from '../../../src/lab/experiments/work-plan.js';
import { listArchitectures } from '../../../src/lab/networks/network-of.js';
import { parseTrainingConfig } from '../../../src/lab/training/training-config.js';

type Names = readonly (typeof EXPERIMENT_NAMES)[number][];

const planOf = (scale: (typeof SCALE_NAMES)[number], names: Names = EXPERIMENT_NAMES): readonly WorkItem[] =>
  workPlan(names.map((name) => experimentOf(name, scaleOf(scale))));

for (const scale of SCALE_NAMES) {
  test(`at scale ${scale} everything comes once, and behind what it needs`, (t) => {
    const made = new Set<string>();
    for (const item of planOf(scale)) {
      t.false(made.has(item.digest));
      if (item.kind === 'model') t.true(made.has(dataDigest(item.model.data)));
      if (item.kind === 'cell') t.true(made.has(modelDigest(item.cell.model)));
      made.add(item.digest);
    }
  });

  test(`at scale ${scale} trainer, networks and attacks take what the plan says`, (t) => {
    const known = new Map(listArchitectures().map((one) => [one.name as string, one.tasks]));
    for (const item of planOf(scale)) {
      if (item.kind === 'model') {
        const config = parseTrainingConfig(trainingConfigOf(item.model, 'data'));
        t.true('architecture' in config.model);
        const tasks = known.get(item.model.architecture);
        t.true('tasks' in config.model && config.model.tasks.every((task) => tasks?.includes(task)));
        if (config.adversarial !== undefined) t.notThrows(() => parseSpec(config.adversarial?.attack ?? ''));
      }
      if (item.kind === 'cell' && item.cell.kind === 'attack') {
        const { tasks } = parseSpec(item.cell.attack);
        const own = [...item.cell.model.main, ...item.cell.model.auxiliary];
        t.true(tasks.length > 0 && tasks.every(({ task }) => own.includes(task)));
      }
    }
  });
}

test('small begins with the first seed of Table 2 and ends with what it may leave out', (t) => {
  const owners = new Map<string, string>();
  for (const name of EXPERIMENT_NAMES) {
    for (const { cell } of experimentOf(name, scaleOf('small')).cells) owners.set(cellDigest(cell), name);
  }
  const order = planOf('small').flatMap((item) =>
    item.kind === 'cell' ? [`${owners.get(item.digest)}, seed ${item.cell.model.seed}`] : [],
  );
  t.deepEqual(
    [...new Set(order)],
    [
      'table2, seed 0',
      'fig4a, seed 0',
      'fig4b, seed 0',
      'fig4c, seed 0',
      'table1, seed 0',
      'fig7, seed 0',
      'table2, seed 1',
      'table2, seed 2',
      'table3, seed 0',
      'fig5, seed 0',
    ],
  );
});

const modelsOf = (scale: (typeof SCALE_NAMES)[number], names: Names) =>
  planOf(scale, names).flatMap((item) => (item.kind === 'model' ? [item.model] : []));

test('experiments share models: one task alone is trained once', (t) => {
  const letters = (names: Names): readonly string[] =>
    modelsOf('small', names)
      .filter(({ seed }) => seed === 0)
      .map(lettersOf);
  t.deepEqual(letters(['table2']), ['s', 'sd', 'sA', 'sdA', 'd', 'ds', 'dA', 'dsA']);
  // Table 1 adds the two that are trained equally, the figures nothing.
  t.is(letters(['table2', 'table1', 'fig4a', 'fig4b']).length, 8 + 2);
});

test('the paper’s scale has its numbers of models', (t) => {
  const models = (names: Names): number => modelsOf('paper', names).length;
  t.is(models(['fig7']), 11 + 110);
  t.is(models(['table1']), 4);
  t.is(models(['table3']), 8);
  t.is(models(['table2']), 3 * 8);
});
