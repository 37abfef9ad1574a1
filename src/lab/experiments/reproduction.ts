import { type CellPlan, cellDigest, cellText } from './cell-plan.js';
import type { CellResult } from './cell-result.js';
import { type Claim, unproven } from './claims.js';
import type { EstimatedItem, TimedItem } from './estimate.js';
import type { Experiment, ExperimentName, ExperimentOutcome } from './experiment.js';
import type { Scale, ScaleName } from './scales.js';
import type { Store } from './store.js';
import type { WorkItem } from './work-plan.js';

/** What came of experiments: what a report shows. */
export interface Reproduction {
  readonly scale: ScaleName;
  /** Said of every figure, if anything. */
  readonly warning: string | undefined;
  /** How numbers compare with the paper's, where that is not plain. */
  readonly caveat: string | undefined;
  readonly experiments: readonly ReproducedExperiment[];
  /** What computed the attacks, without what is only true of one machine. */
  readonly provenance: readonly string[];
  /** Version of robustgate, and the commit that it was, where that is known. */
  readonly robustgate: string;
  readonly commit: string | undefined;
}

export interface ReproducedExperiment extends ExperimentOutcome {
  readonly name: ExperimentName;
  readonly title: string;
  readonly setting: readonly string[];
  readonly measured: number;
  readonly planned: number;
  /** Why some of its figures should not be trusted. */
  readonly doubts: readonly string[];
}

/** How long each item took; `undefined` for what is missing. */
export async function timedItems(items: readonly WorkItem[], store: Store): Promise<readonly TimedItem[]> {
  return await Promise.all(items.map(async (item) => ({ item, seconds: await secondsOf(item, store) })));
}

async function secondsOf(item: WorkItem, store: Store): Promise<number | undefined> {
  switch (item.kind) {
    case 'data':
      return item.data.made === undefined ? 0 : (await store.readData(item.digest))?.seconds;
    case 'model':
      return (await store.readModel(item.digest))?.seconds;
    case 'cell':
      return (await store.readCell(item.digest))?.seconds;
  }
}

/** Time that is left, in seconds. */
export const secondsLeft = (items: readonly EstimatedItem[]): number =>
  items.reduce((sum, { seconds }) => sum + seconds, 0);

/** Judges experiments by what a store has of them. */
export async function reproduce(
  experiments: readonly Experiment[],
  scale: Scale,
  store: Store,
  build: Pick<Reproduction, 'robustgate' | 'commit'>,
): Promise<Reproduction> {
  const found = new Map<string, CellResult>();
  for (const { cell } of experiments.flatMap(({ cells }) => cells)) {
    const digest = cellDigest(cell);
    const result = found.has(digest) ? undefined : await store.readCell(digest);
    if (result !== undefined) found.set(digest, result);
  }
  const read = (cell: CellPlan): CellResult | undefined => found.get(cellDigest(cell));
  return {
    scale: scale.name,
    warning: scale.warning,
    caveat: scale.caveat,
    experiments: experiments.map((experiment) => reproduced(experiment, scale, read)),
    provenance: provenanceOf([...found.values()]),
    ...build,
  };
}

function reproduced(
  { name, title, setting, cells, outcome }: Experiment,
  { warning }: Scale,
  read: (cell: CellPlan) => CellResult | undefined,
): ReproducedExperiment {
  const { tables, charts, claims } = outcome(read);
  const unique = new Map(cells.map(({ cell }) => [cellDigest(cell), cell]));
  const results = [...unique.values()].map((cell) => ({ cell, result: read(cell) }));
  const honest = (claim: Claim): Claim => (warning === undefined ? claim : unproven(claim));
  return {
    name,
    title,
    setting,
    tables,
    charts,
    claims: claims.map(honest),
    measured: results.filter(({ result }) => result !== undefined).length,
    planned: unique.size,
    doubts: results.flatMap(({ cell, result }) =>
      result?.kind === 'attack' ? result.doubts.map(({ message }) => `${cellText(cell)}: ${message}`) : [],
    ),
  };
}

function provenanceOf(results: readonly CellResult[]): readonly string[] {
  const texts = results.flatMap((result) => {
    if (result.kind !== 'attack' || result.provenance === undefined) return [];
    const { programVersion, provider } = result.provenance;
    return [`${programVersion} on ${provider}`];
  });
  return [...new Set(texts)].toSorted();
}
