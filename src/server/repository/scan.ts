import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Models and versions have names that are safe in paths, metrics and URLs. */
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const VERSION = /^[1-9][0-9]{0,8}$/;

/** A version as it lies in the repository. */
export interface FoundVersion {
  readonly name: string;
  readonly version: string;
  /** Folder of the model. */
  readonly folder: string;
  /** Sizes and times of its files: two looks that agree mean that nobody is writing. */
  readonly fingerprint: string;
}

/** The versions of a model repository, `<name>/<version>/…`. A folder that is not there holds none. */
export async function scanRepository(root: string): Promise<readonly FoundVersion[]> {
  const models = (await entriesOf(root)).filter(({ name }) => MODEL_NAME.test(name));
  const found = await Promise.all(
    models.map(async ({ name }) => {
      const folder = join(root, name);
      const versions = (await entriesOf(folder)).filter((entry) => VERSION.test(entry.name)).map((entry) => entry.name);
      const config = await printOf(join(folder, 'model.yaml'));
      return await Promise.all(
        versions.map(async (version): Promise<FoundVersion> => {
          const files = (await entriesOf(join(folder, version))).map((entry) => entry.name).toSorted();
          const prints = await Promise.all(
            files.map(async (file) => `${file}:${await printOf(join(folder, version, file))}`),
          );
          return { name, version, folder, fingerprint: [config, ...prints].join('|') };
        }),
      );
    }),
  );
  return found.flat();
}

async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

async function printOf(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${size}/${mtimeMs}/${ino}`;
  } catch {
    return 'none';
  }
}
