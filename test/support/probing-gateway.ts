import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type FinishedRun, probeHistory } from '../../src/server/probes/probe-history.js';
import { openDatabase } from '../../src/server/store/database.js';
import { MIGRATIONS } from '../../src/server/store/migrations/index.js';
import { temporaryFolder } from './temporary-folder.js';
import { type ToyGateway, toyGateway } from './toy-gateway.js';

const probe = { name: 'nightly', schedule: '0 0 29 2 *', model: 'toy', dataset: 'gone', onNewVersion: 'never' };
const datasets = { gone: { kind: 'classification', root: '/nowhere' } };

/** A gateway with a probe whose dataset is gone, and with runs of earlier days. */
export async function gatewayWithRuns(
  t: Pick<ExecutionContext, 'teardown'>,
  runs: readonly FinishedRun[],
  config: object = {},
): Promise<ToyGateway> {
  const stateDirectory = await temporaryFolder(t);
  const database = await openDatabase(join(stateDirectory, 'history.db'), MIGRATIONS);
  const history = probeHistory(database, { maxAgeMs: 1e15, maxRuns: 1000 });
  for (const run of runs) history.append(run);
  database.close();
  // Times of the runs are those of 1970: only with this they are not too old to be kept.
  const kept = { history: { keepDays: 100_000 } };
  return await toyGateway(t, {}, { config: { stateDirectory, datasets, probes: [probe], ...kept, ...config } });
}
