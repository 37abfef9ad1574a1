import type {
  GetProbeRunRequest,
  GetProbeRunResponse,
  ListProbeRunsRequest,
  ListProbeRunsResponse,
  ListProbesResponse,
  RunProbeRequest,
  RunProbeResponse,
  WatchProbeRunsRequest,
  WatchProbeRunsResponse,
} from '../../contract/robustgate/v1/probe.js';
import { EngineError, Violations } from '../../engine/index.js';
import type { CallContext } from '../grpc/call-context.js';
import type { StreamMessage } from '../grpc/handlers.js';
import type { FollowedTask } from '../probes/probe-queue.js';
import { wrongReplica } from '../runs/wrong-replica.js';
import { verdictName, writeProbe, writeProbeRun, writeProgress, writeStarted } from '../translate/probe-messages.js';
import type { GatewayContext } from './gateway-context.js';
import { MAX_SILENCE_MS, neverSilent, SILENCE } from './never-silent.js';
import { readPager } from './pages.js';
import { drainingError, requireServing } from './requirements.js';

const DEFAULT_PAGE_SIZE = 50;

/** Runs that a reader of the past gets at a time. */
const WATCH_PAGE = 50;

/** @throws EngineError `WRONG_REPLICA`. Thrown when another gateway runs the probes. */
function requireProber({ config: { proberAddress: address, replica } }: GatewayContext): void {
  if (address === undefined) return;
  const text = `expected the gateway that runs the probes, which is at ${address}, got ${replica}`;
  throw new EngineError('WRONG_REPLICA', text, { metadata: { address } });
}

/** `ListProbes`. */
export function listProbes(gateway: GatewayContext): ListProbesResponse {
  requireProber(gateway);
  return { probes: gateway.prober.status.map(writeProbe) };
}

/** `RunProbe`: the runs of all models that were meant, one after the other. */
export async function* runProbe(
  { probe, modelName, modelVersion }: RunProbeRequest,
  { signal }: CallContext,
  gateway: GatewayContext,
): AsyncGenerator<StreamMessage<RunProbeResponse>, void, void> {
  requireProber(gateway);
  requireServing(gateway);
  const violations = new Violations();
  const isWhole = modelVersion === undefined || modelName !== undefined;
  violations.expect(isWhole, 'model_name', `expected the model of version ${modelVersion}, got none`);
  violations.throwIfAny('INVALID_REQUEST');
  for (const followed of gateway.prober.request(probe, modelName, modelVersion)) {
    for await (const event of neverSilent(messagesOf(followed, signal), MAX_SILENCE_MS)) {
      yield event === SILENCE ? progressOf(followed) : event;
    }
  }
}

/** What happens to a run, to its end. */
async function* messagesOf(
  followed: FollowedTask,
  signal: AbortSignal,
): AsyncGenerator<StreamMessage<RunProbeResponse>, void, void> {
  yield { message: { event: { $case: 'started', value: writeStarted(followed) } }, isProgress: false };
  for (;;) {
    const { state } = followed;
    if (state.phase === 'dropped') throw state.error;
    if (state.phase === 'finished') {
      yield { message: { event: { $case: 'run', value: writeProbeRun(state.run) } }, isProgress: false };
      return;
    }
    yield progressOf(followed);
    if (followed.state === state) await followed.moved(signal);
    signal.throwIfAborted();
  }
}

function progressOf(followed: FollowedTask): StreamMessage<RunProbeResponse> {
  const progress = followed.state.phase === 'running' ? followed.state.progress : undefined;
  return { message: { event: { $case: 'progress', value: writeProgress(followed, progress) } }, isProgress: true };
}

/** `ListProbeRuns`: the newest first. A token says which run was the last, so that new runs do not move the pages. */
export function listProbeRuns(request: ListProbeRunsRequest, gateway: GatewayContext): ListProbeRunsResponse {
  requireProber(gateway);
  const { probes } = gateway;
  const violations = new Violations();
  const { probe, modelName } = request;
  const verdict = verdictName(request.verdict);
  const isVerdict = request.verdict === 0 || verdict !== undefined;
  violations.expect(isVerdict, 'verdict', `expected a verdict, got ${request.verdict}`);
  const page = readPager(request, [probe, modelName, request.verdict], DEFAULT_PAGE_SIZE, violations);
  violations.throwIfAny('INVALID_REQUEST');
  const filter = { probe, model: modelName, verdict };
  const { items, nextPageToken } = page((before, count) => probes.newest(filter, before, count));
  return { runs: items.map(writeProbeRun), nextPageToken };
}

/** `GetProbeRun`. */
export function getProbeRun({ runId }: GetProbeRunRequest, gateway: GatewayContext): GetProbeRunResponse {
  requireProber(gateway);
  const { probes, config } = gateway;
  const run = probes.get(runId);
  if (run !== undefined) return { run: writeProbeRun(run) };
  const text = `expected the id of a finished run of a probe, got ${runId || 'none'}`;
  throw wrongReplica(runId, config) ?? new EngineError('PROBE_NOT_FOUND', text);
}

/**
 * `WatchProbeRuns`: stored runs, then those that finish. All come from the store, a page at a time, so that a slow reader takes no
 * memory and misses nothing.
 */
export async function* watchProbeRuns(
  { probe, afterSequence }: WatchProbeRunsRequest,
  { signal }: CallContext,
  gateway: GatewayContext,
): AsyncGenerator<StreamMessage<WatchProbeRunsResponse>, void, void> {
  requireProber(gateway);
  const { probes, prober } = gateway;
  const violations = new Violations();
  const isSequence = afterSequence === undefined || afterSequence >= 0n;
  violations.expect(isSequence, 'after_sequence', `expected 0 or more, got ${afterSequence}`);
  violations.throwIfAny('INVALID_REQUEST');
  const [newest] = probes.newest({}, Number.MAX_SAFE_INTEGER, 1);
  let known = afterSequence === undefined ? (newest?.sequence ?? 0) : Number(afterSequence);
  for (;;) {
    const page = probes.after({ probe }, known, WATCH_PAGE);
    for (const run of page) {
      yield { message: { run: writeProbeRun(run) }, isProgress: false };
      known = run.sequence;
    }
    if (page.length === WATCH_PAGE) continue;
    if (prober.isClosed) throw drainingError();
    if (probes.after({ probe }, known, 1).length === 0) await prober.nextFinished(signal);
    signal.throwIfAborted();
  }
}
