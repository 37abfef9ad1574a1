import { z } from 'zod';
import { DOMAIN_NAMES } from './taskonomy-domains.js';

const root = (what: string) => z.string().min(1).describe(what);

const cityscapes = z.strictObject({
  kind: z.literal('cityscapes').describe('Folders `leftImg8bit`, `gtFine` and `disparity`, as Cityscapes has them.'),
  root: root('Folder in which `leftImg8bit` is.'),
  split: z.string().min(1).default('val').describe('Folder below each of the three.'),
  sources: z
    .record(z.string(), z.enum(['gtFine', 'disparity', 'none']))
    .default({})
    .describe('Where the labels of a task are, by its name. Default: by its kind, see docs/DATASETS.md.'),
  disparity: z
    .enum(['paper', 'official'])
    .optional()
    .describe(
      'Unit of disparity: `paper` is sample/1000 with zeros included, `official` is (sample − 1)/256 pixels with 0 for unknown. Default: `target` and `invalid` of the task in `model.yaml`.',
    ),
});

const taskonomy = z.strictObject({
  kind: z.literal('taskonomy').describe('A folder `rgb`, and one for each domain of labels, as Taskonomy has them.'),
  root: root('Folder in which `rgb` is.'),
  split: z
    .enum(['train', 'val', 'all'])
    .default('val')
    .describe('Points with a number below 1200, the others, or both.'),
  domains: z
    .record(z.string(), z.enum([...DOMAIN_NAMES, 'none']))
    .default({})
    .describe(
      'The domain that a task is labelled by, by its name. Default: by its name and kind, see docs/DATASETS.md.',
    ),
});

const classification = z.strictObject({
  kind: z.literal('classification').describe('A folder of images for each class.'),
  root: root('Folder in which the folders of the classes are.'),
  task: z.string().min(1).optional().describe('Task that is labelled. Default: the only classification.'),
});

const manifest = z.strictObject({
  kind: z.literal('manifest').describe('A file with one JSON object a line for each example.'),
  root: root('The file, or a folder with `manifest.jsonl` in it. Paths in it are relative to its folder.'),
  followLinks: z
    .boolean()
    .default(false)
    .describe('Whether symbolic links may lead out of the folder of the manifest.'),
  otherTasks: z
    .enum(['refuse', 'skip'])
    .default('refuse')
    .describe('What becomes of labels for tasks that the model does not have.'),
});

/** A labelled dataset on disk: what the configuration of a gateway says of it. */
export const datasetConfigSchema = z
  .discriminatedUnion('kind', [cityscapes, taskonomy, classification, manifest])
  .describe('A labelled dataset on disk.');

/** What is said of a dataset, every default filled in. */
export type DatasetConfig = z.output<typeof datasetConfigSchema>;
export type ConfigOf<Kind extends DatasetConfig['kind']> = Extract<DatasetConfig, { readonly kind: Kind }>;
