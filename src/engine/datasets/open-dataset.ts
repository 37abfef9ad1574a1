import { decodeImage } from '../images/decode-image.js';
import type { ImageLimits } from '../images/decoded-image.js';
import { openCityscapes } from './cityscapes.js';
import { openClassification } from './classification.js';
import type { Dataset, LabelledTask } from './dataset.js';
import type { DatasetConfig } from './dataset-config.js';
import { type FileReading, lastName } from './files.js';
import { openManifest } from './manifest.js';
import { openTaskonomy } from './taskonomy.js';

/** How a dataset is opened. */
export interface DatasetOptions {
  /** What it is called. Default: the last name of `root`. */
  readonly name?: string;
  /** What a file of it may cost. Default: 64 MiB and 2^25 pixels. */
  readonly limits?: ImageLimits;
  /** Decodes PNG and JPEG files, e.g. on another thread. Default: here. */
  readonly decode?: FileReading['decode'];
}

/** What a file of a dataset may cost unless its user says otherwise. */
export const DATASET_LIMITS: ImageLimits = { maxBytes: 64 * 2 ** 20, maxPixels: 2 ** 25 };

/**
 * Opens a dataset: lists its examples by their image files. Label files are looked for when an example is read.
 *
 * @param tasks those of the model that it is to be read for
 * @throws EngineError `INVALID_DATASET`. Thrown when there is no example, or the configuration does not fit the tasks.
 */
export async function openDataset(
  config: DatasetConfig,
  tasks: readonly LabelledTask[],
  { name = lastName(config.root), limits = DATASET_LIMITS, decode }: DatasetOptions = {},
): Promise<Dataset> {
  const reading: FileReading = { limits, decode: decode ?? ((file) => decodeImage(file, limits)) };
  switch (config.kind) {
    case 'cityscapes':
      return await openCityscapes(config, tasks, name, reading);
    case 'taskonomy':
      return await openTaskonomy(config, tasks, name, reading);
    case 'classification':
      return await openClassification(config, tasks, name, reading);
    case 'manifest':
      return await openManifest(config, tasks, name, reading);
  }
}
