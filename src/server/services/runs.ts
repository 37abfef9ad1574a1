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

const DEFAULT_PAGE_SIZE = 100;
const MAX_PAGE_SIZE = 1000;

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
  const { modelName, pageSize = DEFAULT_PAGE_SIZE } = request;
  const isSize = pageSize >= 1 && pageSize <= MAX_PAGE_SIZE;
  violations.expect(isSize, 'page_size', `expected 1 … ${MAX_PAGE_SIZE}, got ${pageSize}`);
  const state = stateName(request.state);
  violations.expect(request.state === 0 || state !== undefined, 'state', `expected a state, got ${request.state}`);
  const before = readToken(request, violations);
  violations.throwIfAny('INVALID_REQUEST');
  // One more than is asked for tells whether there is another page.
  const found = runs.list({ modelName, state, before }, pageSize + 1, principal);
  const page = found.slice(0, pageSize);
  const last = found.length > pageSize ? page.at(-1) : undefined;
  return {
    runs: page.map(writeRun),
    nextPageToken: last === undefined ? '' : writeToken(request, last.sequence),
  };
}

/** The filters are in it: with others the pages would not fit together. */
const writeToken = ({ modelName, state }: ListRunsRequest, before: number): string =>
  Buffer.from(JSON.stringify([before, modelName ?? null, state])).toString('base64url');

function readToken(request: ListRunsRequest, violations: Violations): number | undefined {
  const { pageToken } = request;
  if (pageToken === '') return undefined;
  const [, digits] = /^\[(\d{1,15}),/.exec(Buffer.from(pageToken, 'base64url').toString()) ?? [];
  const before = Number(digits);
  const isToken = writeToken(request, before) === pageToken;
  const text = `expected the next_page_token of a reply for the same filters, got ${pageToken}`;
  violations.expect(isToken, 'page_token', text);
  return before;
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
