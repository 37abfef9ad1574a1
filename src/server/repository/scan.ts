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

/** What lies in a repository. */
export interface Scan {
  readonly versions: readonly FoundVersion[];
  /** Names of models whose folder could not be read: nothing is known of them, not even that they are gone. */
  readonly unreadable: ReadonlySet<string>;
}

/**
 * The versions of a model repository, `<name>/<version>/…`.
 *
 * @throws the error of the file system. Thrown when the repository itself cannot be read.
 */
export async function scanRepository(root: string): Promise<Scan> {
  const names = (await readdir(root)).filter((name) => MODEL_NAME.test(name));
  const unreadable = new Set<string>();
  const versions = await Promise.all(
    names.map(async (name) => {
      try {
        return await scanModel(name, join(root, name));
      } catch {
        unreadable.add(name);
        return [];
      }
    }),
  );
  return { versions: versions.flat(), unreadable };
}

async function scanModel(name: string, folder: string): Promise<readonly FoundVersion[]> {
  const versions = (await namesIn(folder)).filter((version) => VERSION.test(version));
  const config = await printOf(join(folder, 'model.yaml'));
  return await Promise.all(
    versions.map(async (version): Promise<FoundVersion> => {
      const files = (await namesIn(join(folder, version))).toSorted();
      const prints = await Promise.all(
        files.map(async (file) => `${file}:${await printOf(join(folder, version, file))}`),
      );
      return { name, version, folder, fingerprint: [config, ...prints].join('|') };
    }),
  );
}

/** A folder that is gone, or is none, holds nothing; one that cannot be read is another matter. */
async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}

/** A file that is not there has a print too: it may come. */
async function printOf(path: string): Promise<string> {
  try {
    const { size, mtimeMs, ino } = await stat(path);
    return `${size}/${mtimeMs}/${ino}`;
  } catch (error) {
    if (isAbsence(error)) return 'none';
    throw error;
  }
}

const isAbsence = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
