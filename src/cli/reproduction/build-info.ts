import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { versionOf } from '../package-version.js';

/** Which robustgate this is: its version, and in a clone its commit, with `-dirty` where files were changed. */
export async function buildInfo(): Promise<{ readonly robustgate: string; readonly commit: string | undefined }> {
  const cwd = fileURLToPath(new URL('.', import.meta.url));
  const git = (...args: string[]): Promise<string> =>
    promisify(execFile)('git', args, { cwd }).then(
      ({ stdout }) => stdout.trim(),
      () => '',
    );
  const [commit, changes] = await Promise.all([git('rev-parse', 'HEAD'), git('status', '--porcelain', '-uno')]);
  return {
    robustgate: await versionOf(),
    commit: commit === '' ? undefined : `${commit}${changes === '' ? '' : '-dirty'}`,
  };
}
