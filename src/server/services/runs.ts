import type {
  CancelRunRequest,
  CancelRunResponse,
  GetRunRequest,
  GetRunResponse,
  ListRunsRequest,
  ListRunsResponse,
  WatchRunRequest,
  WatchRunResponse,
} from '../../contract/robustgate/v1/run.js';
import { Violations } from '../../engine/index.js';
import type { CallContext } from '../grpc/call-context.js';
import type { StreamMessage } from '../grpc/handlers.js';
import { stateName, writeRun } from '../translate/run-messages.js';
import type { GatewayContext } from './gateway-context.js';
import { readPager } from './pages.js';

const DEFAULT_PAGE_SIZE = 100;

/** `GetRun`. */
export const getRun = (
  { runId }: GetRunRequest,
  { principal }: CallContext,
  { runs }: GatewayContext,
): GetRunResponse => ({ run: writeRun(runs.get(runId, principal)) });

/** `ListRuns`: the newest first. A token says which run was the last, so that new runs do not move the pages. */
export function listRuns(
  request: ListRunsRequest,
  { principal }: CallContext,
  { runs }: GatewayContext,
): ListRunsResponse {
  const violations = new Violations();
  const { modelName } = request;
  const state = stateName(request.state);
  violations.expect(request.state === 0 || state !== undefined, 'state', `expected a state, got ${request.state}`);
  const page = readPager(request, [modelName, request.state], DEFAULT_PAGE_SIZE, violations);
  violations.throwIfAny('INVALID_REQUEST');
  const { items, nextPageToken } = page((before, count) => runs.list({ modelName, state, before }, count, principal));
  return { runs: items.map(writeRun), nextPageToken };
}

/** `CancelRun`. */
export const cancelRun = async (
  { runId }: CancelRunRequest,
  context: CallContext,
  { runs }: GatewayContext,
): Promise<CancelRunResponse> => ({ run: writeRun(await runs.cancel(runId, context)) });

/** `WatchRun`. */
export const watchRun = (
  { runId }: WatchRunRequest,
  context: CallContext,
  { runs }: GatewayContext,
): AsyncGenerator<StreamMessage<WatchRunResponse>, void, void> => runs.watch(runId, context);
