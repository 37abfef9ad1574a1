import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { IMAGE_FILE } from './classification.js';
import { type DatasetConfig, datasetConfigSchema } from './dataset-config.js';
import { gotInstead, invalidDataset, listFolder, nameSome } from './files.js';
import { MANIFEST_NAME } from './manifest.js';

const EXPECTED =
  `a .jsonl file, or a folder with ${MANIFEST_NAME} (manifest), leftImg8bit (Cityscapes), rgb (Taskonomy), or a folder of ` +
  'images for each class';

/**
 * What the dataset at a path is, by its layout, with every option at its default; the split of Cityscapes is its only one
 * where it has no `val`.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when it is like none of the layouts; the message says what is there.
 */
export async function guessDatasetConfig(path: string): Promise<DatasetConfig> {
  const found = await stat(path).catch((cause: unknown) => {
    throw invalidDataset(`at ${path} ${EXPECTED}`, gotInstead(cause), cause);
  });
  const options = found.isDirectory() ? await guessFolder(path) : /\.(jsonl|ndjson)$/i.test(path) && MANIFEST;
  if (options) return datasetConfigSchema.parse({ ...options, root: path });
  const got = found.isDirectory() ? await describeFolder(path) : 'another file';
  throw invalidDataset(`at ${path} ${EXPECTED}`, got);
}

type Options = Partial<DatasetConfig> & Pick<DatasetConfig, 'kind'>;
const MANIFEST: Options = { kind: 'manifest' };

async function guessFolder(path: string): Promise<Options | undefined> {
  const { files, folders } = await listFolder(path, 'a folder');
  if (files.includes(MANIFEST_NAME)) return MANIFEST;
  if (folders.includes('leftImg8bit')) {
    const { folders: splits } = await listFolder(join(path, 'leftImg8bit'), 'a folder of splits');
    const [only, ...others] = splits;
    const isOnly = !splits.includes('val') && only !== undefined && others.length === 0;
    return { kind: 'cityscapes', ...(isOnly && { split: only }) };
  }
  if (folders.includes('rgb')) return { kind: 'taskonomy' };
  for (const folder of folders) {
    const { files: inside } = await listFolder(join(path, folder), 'a folder of images');
    if (inside.some((file) => IMAGE_FILE.test(file))) return { kind: 'classification' };
  }
  return undefined;
}

async function describeFolder(path: string): Promise<string> {
  const { files, folders } = await listFolder(path, 'a folder');
  return nameSome([...folders.map((folder) => `${folder}/`), ...files]);
}
