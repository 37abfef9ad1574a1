import { readFile } from 'node:fs/promises';

/** The folder of the package, from this file as it is compiled. */
export const PACKAGE_ROOT = new URL('../../../', import.meta.url);

/** Version of the package. */
export async function versionOf(): Promise<string> {
  const text = await readFile(new URL('package.json', PACKAGE_ROOT), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
