import { join } from 'node:path';
import { type LabelSamples, labelSamples, scaleSamples } from '../images/label-samples.js';
import { maskOf } from '../tensor/mask.js';
import { assemble } from './assemble.js';
import { IGNORED_TRAIN_ID, trainIdOf } from './cityscapes-ids.js';
import type { Dataset, DatasetLabel, LabelledTask } from './dataset.js';
import type { ConfigOf } from './dataset-config.js';
import { checkSameSize, type FileReading, findFile, invalidDataset, readImage, walkFiles } from './files.js';
import { chooseSources } from './label-sources.js';

type Config = ConfigOf<'cityscapes'>;
type Source = 'gtFine' | 'disparity';

const IMAGE_SUFFIX = '_leftImg8bit.png';

/**
 * Cityscapes: `leftImg8bit/<split>/<city>/<id>_leftImg8bit.png` with `gtFine/…_gtFine_trainIds.png` (or `…_labelIds.png`)
 * and `disparity/…_disparity.png` of 16 bits. Keys are `<city>/<id>`.
 * Source: https://github.com/mcordts/cityscapesScripts
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when there is no image, or `sources` does not fit the tasks.
 */
export async function openCityscapes(
  config: Config,
  tasks: readonly LabelledTask[],
  name: string,
  reading: FileReading,
): Promise<Dataset> {
  const { root, split, disparity } = config;
  const sources = chooseSources<Source>(tasks, {
    option: 'sources',
    given: config.sources,
    guess: guessSource,
    formOf: (source) => (source === 'gtFine' ? 'class-map' : 'numbers'),
  });
  const images = join(root, 'leftImg8bit', split);
  const files = await walkFiles(images, `a folder of images <city>/<id>${IMAGE_SUFFIX}`);
  const ids = files.filter((file) => file.endsWith(IMAGE_SUFFIX)).map((file) => file.slice(0, -IMAGE_SUFFIX.length));

  return assemble({
    name,
    kind: config.kind,
    place: `${images}/<city>/<id>${IMAGE_SUFFIX}`,
    meaning: { split, sources: Object.entries(config.sources).toSorted(), disparity },
    entries: new Map(ids.map((id) => [id, id])),
    read: async (id) => {
      const path = join(images, `${id}${IMAGE_SUFFIX}`);
      const { file, image } = await readImage(path, 'an image', reading);
      const labels = new Map<string, DatasetLabel>();
      for (const [task, source] of sources) {
        const read = source === 'gtFine' ? readClasses : readDisparity;
        const label = await read(config, id, task, reading);
        checkSameSize(image, path, label, label.path);
        labels.set(task.name, { ...label.label, shape: [label.height, label.width] });
      }
      return { input: { form: 'file', data: file }, labels };
    },
  });
}

/** By kind, and regressions by name. */
function guessSource({ kind, name, labelForm }: LabelledTask): Source | 'none' {
  if (kind === 'semantic-segmentation') return 'gtFine';
  if (kind === 'depth' || kind === 'disparity') return 'disparity';
  return labelForm === 'numbers' && kind === 'regression' && /depth|disparity/i.test(name) ? 'disparity' : 'none';
}

/** A label with the size of its file. */
interface SizedLabel {
  readonly path: string;
  readonly width: number;
  readonly height: number;
  readonly label: Pick<DatasetLabel, 'data' | 'valid'>;
}

async function readClasses({ root, split }: Config, id: string, _: LabelledTask, reading: FileReading) {
  const base = join(root, 'gtFine', split, `${id}_gtFine`);
  const candidates = [`${base}_trainIds.png`, `${base}_labelIds.png`];
  const path = await findFile(candidates, 'a file of classes');
  const file = await readOneChannel(path, 'a file of classes', 8, reading);
  const data = path === candidates[0] ? file.samples : toTrainIds(file.samples, path);
  const valid = maskOf(data, (trainId) => trainId !== IGNORED_TRAIN_ID);
  return { path, width: file.width, height: file.height, label: { data, valid } } satisfies SizedLabel;
}

const toTrainIds = (labelIds: Float32Array, path: string): Float32Array =>
  labelIds.map((labelId) => {
    const trainId = trainIdOf(labelId);
    if (trainId === undefined) throw invalidDataset(`label ids 0 … 33 or 255 in ${path}`, `${labelId}`);
    return trainId;
  });

async function readDisparity({ root, split, disparity }: Config, id: string, task: LabelledTask, reading: FileReading) {
  const path = join(root, 'disparity', split, `${id}_disparity.png`);
  const file = await readOneChannel(path, 'a file of disparity', 16, reading);
  const label = UNITS[disparity ?? 'model'](file, task);
  return { path, width: file.width, height: file.height, label } satisfies SizedLabel;
}

/** What the samples of a disparity file become. */
const UNITS: Readonly<
  Record<'paper' | 'official' | 'model', (file: LabelSamples, task: LabelledTask) => SizedLabel['label']>
> = {
  paper: ({ samples }) => ({ data: samples.map((sample) => sample / 1000) }),
  official: ({ samples }) => ({
    data: samples.map((sample) => Math.max(sample - 1, 0) / 256),
    valid: maskOf(samples, (sample) => sample !== 0),
  }),
  model: (file, { labelScale, labelOffset, invalid }) => ({
    data: scaleSamples(file, labelScale, labelOffset),
    ...(invalid !== undefined && { valid: maskOf(file.samples, (sample) => sample !== invalid) }),
  }),
};

async function readOneChannel(
  path: string,
  what: string,
  bitDepth: 8 | 16,
  reading: FileReading,
): Promise<LabelSamples> {
  const { image } = await readImage(path, what, reading);
  const samples = labelSamples(image);
  if (samples.channels === 1 && (bitDepth === 8 ? image.bitDepth <= 8 : image.bitDepth === 16)) return samples;
  throw invalidDataset(`one channel of ${bitDepth} bits in ${path}`, `${samples.channels} of ${image.bitDepth} bits`);
}
