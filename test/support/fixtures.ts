import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { root } from './street.js';

const folder = resolve(root, process.env['ROBUSTGATE_FIXTURES'] ?? '../shared');

/** A file of the fixtures that do not come with the project. */
export const fixture = (path: string): string => join(folder, path);

/** Why tests on some of these files are skipped, if they are: for `testWith`. */
export function missingFixtures(...paths: readonly string[]): string | undefined {
  const missing = paths.filter((path) => !existsSync(fixture(path)));
  return missing.length === 0 ? undefined : `ROBUSTGATE_FIXTURES has no ${missing.join(', ')}`;
}
