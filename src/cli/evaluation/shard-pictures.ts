import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, type Model, PredictField } from '../../clients/index.js';
import {
  type AttackTarget,
  type Dataset,
  type EvaluationIdentity,
  type EvaluationRow,
  type Shard,
  type SuiteAttack,
  worstOf,
} from '../../engine/index.js';
import { writeWhole } from '../files.js';
import type { ReportPicture } from '../report/report-picture.js';
import { panelsOf } from './panels.js';
import { worstFolderName, worstName } from './worst-files.js';

/** Name of the file with a shard's pictures for reports. */
const picturesFileName = ({ index, count }: Shard): string => `pictures-${index}-of-${count}.json`;

/** Most examples of an attack that a report shows. */
const MAX_SHOWN = 4;

export interface PictureWork {
  readonly out: string;
  readonly shard: Shard;
  readonly suite: readonly SuiteAttack[];
  readonly rows: readonly EvaluationRow[];
  readonly client: Client;
  readonly model: Model;
  readonly target: AttackTarget;
  readonly dataset: Dataset;
  readonly signal: AbortSignal;
}

/** Draws the worst examples of a shard, whose adversarial images were kept, for the report that is made of all shards. */
export async function drawShardPictures(work: PictureWork): Promise<void> {
  const folder = join(work.out, worstFolderName(work.shard));
  const files = new Set(await readdir(folder).catch(() => []));
  const shown = work.suite.flatMap((_, attack) => shownRows(work, attack));
  const rows = shown.filter((row) => files.has(`${worstName(row)}.png`));
  const pictures: unknown[] = [];
  for (const row of rows) {
    const picture = await drawPicture(work, row, await readFile(join(folder, `${worstName(row)}.png`)));
    if (picture !== undefined) pictures.push(toJson(picture));
  }
  await writeWhole(join(work.out, picturesFileName(work.shard)), `${JSON.stringify(pictures)}\n`);
}

/** The worst of all shards are among the worst of each. */
function shownRows({ rows, target }: PictureWork, attack: number): readonly EvaluationRow[] {
  const own = rows.filter((row) => row.attack === attack);
  const worst = worstOf(own, target.model.tasks).slice(0, MAX_SHOWN);
  return own.filter(({ key }) => worst.includes(key));
}

async function drawPicture(
  { suite, client, model, dataset, signal }: PictureWork,
  { attack, key }: EvaluationRow,
  adversarial: Uint8Array,
): Promise<ReportPicture | undefined> {
  const { text, spec } = suite[attack] as SuiteAttack;
  const { input } = await dataset.read(key);
  if (input.form !== 'file') return undefined;
  const reply = await client.predict(
    {
      modelName: model.name,
      modelVersion: model.version,
      examples: [input.data, adversarial].map((value) => ({ input: { $case: 'encodedImage', value } })),
      fields: [PredictField.LABELS, PredictField.VALUES],
    },
    { signal },
  );
  const [clean, after] = reply.predictions;
  const predictions = { clean, adversarial: after };
  const { epsilon } = spec.parameters;
  return {
    spec: text,
    key,
    panels: await panelsOf({ clean: input.data, adversarial, epsilon, tasks: model.tasks, predictions }),
  };
}

const toJson = ({ spec, key, panels }: ReportPicture): unknown => ({
  spec,
  key,
  panels: panels.map(({ label, png }) => ({ label, png: Buffer.from(png).toString('base64') })),
});

/**
 * The pictures of the worst examples of all shards, the worst first. A folder without pictures has none: they are no part of
 * the figures.
 */
export async function readPictures(
  folders: readonly string[],
  shards: readonly Shard[],
  { suite }: EvaluationIdentity,
  worst: readonly (readonly string[])[],
): Promise<readonly ReportPicture[]> {
  const paths = folders.flatMap((folder) => shards.map((shard) => join(folder, picturesFileName(shard))));
  const found = (await Promise.all(paths.map(readPictureFile))).flat();
  return suite.flatMap((spec, attack) =>
    (worst[attack] ?? [])
      .flatMap((key) => found.find((picture) => picture.spec === spec && picture.key === key) ?? [])
      .slice(0, MAX_SHOWN),
  );
}

async function readPictureFile(path: string): Promise<readonly ReportPicture[]> {
  const text = await readFile(path, 'utf8').catch(() => '[]');
  const pictures = JSON.parse(text) as { spec: string; key: string; panels: { label: string; png: string }[] }[];
  return pictures.map(({ spec, key, panels }) => ({
    spec,
    key,
    panels: panels.map(({ label, png }) => ({ label, png: Buffer.from(png, 'base64') })),
  }));
}
