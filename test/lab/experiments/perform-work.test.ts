import test, { type ExecutionContext } from 'ava';
import type { CellPlan } from '../../../src/lab/experiments/cell-plan.js';
import { experimentOf } from '../../../src/lab/experiments/list.js';
import { performWork, type WorkProgress, type Workshop } from '../../../src/lab/experiments/perform-work.js';
import { scaleOf } from '../../../src/lab/experiments/scales.js';
import { openStore } from '../../../src/lab/experiments/store.js';
import { type WorkItem, workPlan } from '../../../src/lab/experiments/work-plan.js';
import { writeScenes } from '../../../src/lab/scenes/write-scenes.js';
import { trainModel } from '../../../src/lab/training/train-model.js';
import { parseTrainingConfig } from '../../../src/lab/training/training-config.js';
import { inProcessHosts } from '../../support/in-process-hosts.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** A workshop whose trainings take one step. */
function workshopIn(
  t: ExecutionContext,
  folder: string,
  {
    signal = new AbortController().signal,
    onTraining = () => {},
  }: { signal?: AbortSignal; onTraining?: () => void } = {},
): Workshop {
  const hosts = inProcessHosts();
  t.teardown(() => hosts.close());
  return {
    store: openStore(folder),
    dataFolders: {},
    lane: hosts.attack,
    signal,
    now: () => performance.now(),
    async makeScenes(layout, { seed, height, width, train, validation }, { folder: root }) {
      const kind = layout === 'cityscapes' ? 'street' : 'indoor';
      for (const [split, count] of [['train', train] as const, ['val', validation] as const]) {
        const request = { kind, seed, split, height, width, world: 'plain' } as const;
        for await (const _ of writeScenes(request, { root, count, threads: 1, signal }));
      }
    },
    async trainModel(config, { folder: directory }) {
      onTraining();
      const { epochs: _, ...rest } = config;
      const short = parseTrainingConfig({ ...rest, steps: 1, threads: 1 });
      await trainModel(short, { directory, signal, onProgress: () => {} });
    },
  };
}

/** Scenes, one model, and its cells. */
function smallPlan(count: number): readonly WorkItem[] {
  const { cells, ...rest } = experimentOf('table2', scaleOf('smoke'));
  return workPlan([{ ...rest, cells: cells.slice(0, count) }]);
}

const kindsOf = (events: readonly WorkProgress[]): readonly string[] =>
  events.filter(({ state }) => state !== 'running').map(({ item, state }) => `${item.kind} ${state}`);

test('a run that was cut off goes on behind what it finished', async (t) => {
  const folder = await temporaryFolder(t);
  const plan = smallPlan(2);
  const abort = new AbortController();
  const first: WorkProgress[] = [];
  const cut = performWork(plan, workshopIn(t, folder, { signal: abort.signal }), (event) => {
    first.push(event);
    if (event.item.kind === 'cell' && event.state === 'made') abort.abort(new Error('enough'));
  });
  await t.throwsAsync(cut, { message: 'enough' });
  t.deepEqual(kindsOf(first), ['data made', 'model made', 'cell made']);
  const second: WorkProgress[] = [];
  t.deepEqual(await performWork(plan, workshopIn(t, folder), (event) => second.push(event)), []);
  t.deepEqual(kindsOf(second), ['data kept', 'model kept', 'cell kept', 'cell made']);
});

test('a cell keeps what each example adds, clean and attacked', async (t) => {
  const folder = await temporaryFolder(t);
  const plan = smallPlan(1);
  const workshop = workshopIn(t, folder);
  await performWork(plan, workshop, () => {});
  const result = await workshop.store.readCell(plan.at(-1)?.digest ?? '');
  if (result?.kind !== 'attack') return t.fail('expected an attack cell');
  t.is(result.examples.length, scaleOf('smoke').attackExamples);
  t.is(result.skipped, 0);
  t.like(result.tasks[0], { task: 'segmentation', metric: 'miou', higherIsBetter: true });
  for (const { clean, adversarial } of result.examples) {
    // Every pixel that has a label counts, before the attack and after it.
    t.true((clean['segmentation']?.[0] ?? 0) > 0);
    t.is(clean['segmentation']?.[0], adversarial['segmentation']?.[0]);
  }
});

test('what fails is told, and what needs it passed over', async (t) => {
  const folder = await temporaryFolder(t);
  const { cells, ...rest } = experimentOf('table2', scaleOf('smoke'));
  const two = [cells[0], cells.at(-1)].flatMap((one) => one ?? []);
  const plan = workPlan([{ ...rest, cells: two }]);
  let trained = 0;
  const workshop = workshopIn(t, folder, {
    onTraining() {
      trained++;
      if (trained === 1) throw new Error('it diverged');
    },
  });
  const events: WorkProgress[] = [];
  const failed = await performWork(plan, workshop, (event) => events.push(event));
  t.deepEqual(
    failed.map(({ item, error }) => [item.kind, error instanceof Error && error.message]),
    [['model', 'it diverged']],
  );
  t.deepEqual(kindsOf(events), ['data made', 'model made', 'cell made']);
});

test('gradients come in the order of the plan, whatever that of the model', async (t) => {
  const folder = await temporaryFolder(t);
  const cell = experimentOf('fig4c', scaleOf('smoke')).cells[0]?.cell;
  if (cell?.kind !== 'gradients') return t.fail('expected gradients');
  const turned: CellPlan = { ...cell, limit: 1, tasks: cell.tasks.toReversed() };
  const once: CellPlan = { ...cell, limit: 1 };
  const { cells: _, ...rest } = experimentOf('fig4c', scaleOf('smoke'));
  const plan = workPlan([{ ...rest, cells: [once, turned].map((each) => ({ rank: 0, cell: each })) }]);
  const workshop = workshopIn(t, folder);
  t.deepEqual(await performWork(plan, workshop, () => {}), []);
  const [a, b] = await Promise.all(plan.slice(-2).map(({ digest }) => workshop.store.readCell(digest)));
  if (a?.kind !== 'gradients' || b?.kind !== 'gradients') return t.fail('expected gradients');
  const size = cell.tasks.length;
  const [gram = [], reversed = []] = [a.examples[0]?.gram, b.examples[0]?.gram];
  t.is(gram.length, size ** 2);
  t.deepEqual(reversed, gram.toReversed());
  t.not(gram[0], gram.at(-1));
});
