import { setMaxListeners } from 'node:events';
import { type Client, type ProbeRun, RobustgateError, type RunEvent } from '../../clients/index.js';
import { backOffMs, type Pace } from './back-off.js';
import { type CloudEvent, probeRunEvent, runEvent, runFailedEvent } from './cloud-event.js';
import type { Cursor } from './cursor.js';
import { type EventSink, SinkError } from './sink.js';

export interface RelayOptions {
  readonly client: Client;
  readonly sink: EventSink;
  readonly cursor: Cursor;
  /** `source` of the events: with their ids it identifies them. */
  readonly source: string;
  /** Runs of probes: of one, of all, or none. */
  readonly probes: { readonly probe: string | undefined } | undefined;
  /** Ids of runs whose messages are relayed. */
  readonly runs: readonly string[];
  /** Whether an event that the other side will never take is left out; otherwise it ends the relay. */
  readonly skipRejected: boolean;
  readonly pace: Pace;
  /** Told what happened, without an end of line. */
  readonly log: (text: string) => void;
  /** Ends the relay: an event that is under way has `graceMs` more. */
  readonly signal: AbortSignal;
  /** Default: 5 s. */
  readonly graceMs?: number;
}

/**
 * Takes what a gateway tells to a sink, each event until it is acknowledged, and then saves how far it is: nothing is left out, and
 * what is sent again after a break has the id that it had. Of each stream one event is under way; the gateway waits meanwhile.
 *
 * Resolved when the signal is aborted, or, without probes, when all runs have ended.
 *
 * @throws SinkError. Thrown when an event is rejected for good.
 * @throws RobustgateError. Thrown when the gateway says that it will never tell what is asked for.
 */
export async function relay(options: RelayOptions): Promise<void> {
  const failed = new AbortController();
  const patience = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  // Each stream listens: more than ten are no leak.
  setMaxListeners(0, signal, patience.signal);
  let timer: NodeJS.Timeout | undefined;
  const hurry = (): void => {
    timer = setTimeout(() => patience.abort(signal.reason), options.graceMs ?? 5000);
  };
  if (signal.aborted) return;
  signal.addEventListener('abort', hurry, { once: true });
  const inner: Surroundings = { ...options, signal, patience: patience.signal };
  const work = options.runs.map((runId) => relayRun(runId, inner));
  if (options.probes !== undefined) work.push(relayProbes(options.probes.probe, inner));
  try {
    await Promise.all(work);
  } catch (error) {
    if (!options.signal.aborted) throw error;
  } finally {
    failed.abort(new Error('another stream failed'));
    await Promise.allSettled(work);
    clearTimeout(timer);
  }
}

interface Surroundings extends RelayOptions {
  /** Aborted a while after `signal`. */
  readonly patience: AbortSignal;
}

/** Runs of probes, from the last one that was acknowledged on. */
async function relayProbes(probe: string | undefined, surroundings: Surroundings): Promise<void> {
  const { client, cursor, source, signal, log } = surroundings;
  const startOver = async (): Promise<void> => {
    log('the history of the gateway is not the one of the cursor: beginning with the oldest run');
    await cursor.save({ probeRun: undefined });
  };
  const open = async function* (): AsyncGenerator<ProbeRun, void, void> {
    const known = cursor.state.probeRun;
    const { runs } = await client.listProbeRuns({ probe, pageSize: 1 }, { signal });
    if (known !== undefined && Number(runs[0]?.sequence ?? 0n) < known.sequence) await startOver();
    // The known one again, where it is still kept: another one in its place means another history.
    const from = Math.max(0, (cursor.state.probeRun?.sequence ?? 0) - 1);
    yield* client.watchProbeRuns({ probe, afterSequence: BigInt(from) }, { signal });
  };
  const take = async (run: ProbeRun): Promise<boolean> => {
    const known = cursor.state.probeRun;
    if (known !== undefined && Number(run.sequence) === known.sequence) {
      if (run.runId === known.runId) return false;
      await startOver();
      return true;
    }
    await deliver(probeRunEvent(run, source), surroundings);
    await cursor.save({ probeRun: { sequence: Number(run.sequence), runId: run.runId } });
    return false;
  };
  await follow({ what: 'runs of probes', open, take, isOver: () => false }, surroundings);
}

/** What one run says, from the first event that was not acknowledged on. */
async function relayRun(runId: string, surroundings: Surroundings): Promise<void> {
  const { client, cursor, source, signal } = surroundings;
  const positionOf = (): number | 'ended' => cursor.state.runs[runId] ?? 0;
  const save = (position: number | 'ended'): Promise<void> =>
    cursor.save({ runs: { ...cursor.state.runs, [runId]: position } });
  let sequence = 0;
  const open = async function* (): AsyncGenerator<RunEvent, void, void> {
    sequence = 0;
    try {
      yield* client.watchRun({ runId }, { signal });
    } catch (error) {
      // A run that failed ends its stream with its own error, which is not that of the stream.
      if (!(error instanceof RobustgateError) || error.reason === undefined) throw error;
      const { run } = await client.getRun({ runId }, { signal });
      if (run === undefined || run.errorCode !== error.reason) throw error;
      if (sequence >= Number(positionOf())) await deliver(runFailedEvent(run, sequence, source), surroundings);
      await save('ended');
    }
  };
  const take = async (message: RunEvent): Promise<boolean> => {
    const event = runEvent(message, runId, sequence, source);
    if (event === undefined) return false;
    if (sequence >= Number(positionOf())) {
      await deliver(event, surroundings);
      await save(event.type === 'robustgate.run.finished' ? 'ended' : sequence + 1);
    }
    sequence++;
    return positionOf() === 'ended';
  };
  await follow({ what: `run ${runId}`, open, take, isOver: () => positionOf() === 'ended' }, surroundings);
}

/** gRPC statuses that another try does not change: INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION, UNIMPLEMENTED. */
const FINAL_STATUSES: readonly number[] = [3, 5, 7, 9, 12];

interface Followed<Item> {
  /** For people. */
  readonly what: string;
  readonly open: () => AsyncIterable<Item>;
  /** Takes an item; returns whether to open the stream anew. */
  readonly take: (item: Item) => Promise<boolean>;
  readonly isOver: () => boolean;
}

/** Reads a stream of the gateway, again after each break, until it is over. */
async function follow<Item>(
  { what, open, take, isOver }: Followed<Item>,
  { signal, pace, log }: Surroundings,
): Promise<void> {
  for (let failures = 0; !isOver(); ) {
    let askedMs: number | undefined;
    let isLeft = false;
    try {
      for await (const item of open()) {
        if (failures > 0) log(`the gateway tells ${what} again`);
        failures = 0;
        isLeft = await take(item);
        signal.throwIfAborted();
        if (isLeft) break;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RobustgateError) || FINAL_STATUSES.includes(error.status)) throw error;
      if (failures === 0) log(`the gateway does not tell ${what}: ${error.code}: ${error.message}; trying again`);
      askedMs = error.retryAfterMs;
    }
    if (isLeft || isOver()) continue;
    // A stream that ended without an error is not asked for again at once either.
    failures++;
    await pace.sleep(backOffMs(failures, pace.random(), askedMs), signal);
  }
}

/** Sends an event until it is acknowledged. */
async function deliver(
  event: CloudEvent,
  { sink, pace, log, signal, patience, skipRejected }: Surroundings,
): Promise<void> {
  let told = '';
  for (let failures = 1; ; failures++) {
    signal.throwIfAborted();
    try {
      await sink.publish(event, patience);
      if (told !== '') log(`${sink.name} takes events again`);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof SinkError)) throw error;
      if (error.isPermanent) {
        if (!skipRejected) throw error;
        log(`left out ${event.type} ${event.id}: ${error.message}`);
        return;
      }
      if (error.message !== told) log(`${error.message}; trying again`);
      told = error.message;
      await pace.sleep(backOffMs(failures, pace.random(), error.retryAfterMs), signal);
    }
  }
}
