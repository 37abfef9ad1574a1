import { join } from 'node:path';
import {
  type EstimatedItem,
  type ExperimentName,
  estimate,
  experimentOf,
  type FailedItem,
  openStore,
  performWork,
  type Reproduction,
  reproduce,
  type ScaleName,
  scaleOf,
  timedItems,
  type WorkProgress,
  type Workshop,
  workPlan,
} from '../../lab/index.js';
import type { Progress } from '../progress.js';
import { buildInfo } from './build-info.js';
import { type ExpectedFolder, itemText } from './dry-run-text.js';

/** What is reproduced, and where. */
export interface ReproductionRequest {
  readonly experiments: readonly ExperimentName[];
  readonly scale: ScaleName;
  /** Folder of scenes, models, cells and reports. */
  readonly out: string;
  /** Folder of the real datasets. */
  readonly data: string | undefined;
}

/** What the machine gives: everything of a workshop that the request does not say. */
export type WorkshopTools = Pick<Workshop, 'lane' | 'makeScenes' | 'trainModel' | 'signal' | 'now'>;

const LAYOUTS = ['cityscapes', 'taskonomy'] as const;

/** Everything that a request comes to. */
function prepare({ experiments: names, scale: scaleName, out }: ReproductionRequest) {
  const scale = scaleOf(scaleName);
  const experiments = names.map((name) => experimentOf(name, scale));
  return { scale, experiments, items: workPlan(experiments), store: openStore(out) };
}

/** What would be done, and the real datasets that it needs. */
export async function planReproduction(
  request: ReproductionRequest,
): Promise<{ readonly items: readonly EstimatedItem[]; readonly folders: readonly ExpectedFolder[] }> {
  const { items, store } = prepare(request);
  const needed = new Set(
    items.flatMap((item) => (item.kind === 'data' && item.data.made === undefined ? [item.data.layout] : [])),
  );
  return {
    items: estimate(await timedItems(items, store)),
    folders: LAYOUTS.filter((layout) => needed.has(layout)).map((layout) => ({
      layout,
      path: request.data === undefined ? undefined : join(request.data, layout),
    })),
  };
}

/**
 * Does what is missing.
 *
 * @returns what could not be done
 * @throws the signal's reason. Thrown when it is aborted.
 */
export async function runReproduction(
  request: ReproductionRequest,
  tools: WorkshopTools,
  progress: Progress,
): Promise<readonly FailedItem[]> {
  const { items, store } = prepare(request);
  const estimates = estimate(await timedItems(items, store));
  const { data } = request;
  const dataFolders =
    data === undefined ? {} : Object.fromEntries(LAYOUTS.map((layout) => [layout, join(data, layout)]));
  const show = progressTeller(estimates, progress, tools.now);
  return await performWork(items, { ...tools, store, dataFolders }, show);
}

/** What a store says of experiments so far. */
export async function judgeReproduction(request: ReproductionRequest): Promise<Reproduction> {
  const { scale, experiments, store } = prepare(request);
  return await reproduce(experiments, scale, store, await buildInfo());
}

/** Shows the share that is done by expected time. */
function progressTeller(
  estimates: readonly EstimatedItem[],
  progress: Progress,
  now: () => number,
): (event: WorkProgress) => void {
  const start = now();
  const total = estimates.reduce((sum, { seconds }) => sum + seconds, 0);
  return ({ index, total: count, item, done, state }) => {
    const before = estimates.slice(0, index).reduce((sum, { seconds }) => sum + seconds, 0);
    const worked = before + done * (estimates[index]?.seconds ?? 0);
    const elapsed = (now() - start) / 1000;
    // At the pace so far, once there is one.
    const etaSeconds = worked > 0 && elapsed > 1 ? (elapsed / worked) * (total - worked) : total - worked;
    if (state === 'made') progress.log(`${index + 1}/${count} ${itemText(item)}`);
    progress.update({
      phase: itemText(item),
      fraction: total === 0 ? 1 : worked / total,
      facts: [`${index + 1}/${count}`, `${Math.floor(done * 100)} % of it`],
      etaSeconds,
      data: { index, count, done },
    });
  };
}
