import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';

/** A folder that is deleted when the test is over. */
export async function temporaryFolder(t: Pick<ExecutionContext, 'teardown'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'robustgate-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
