import { EngineError, ERROR_CODES } from '../../engine/index.js';
import type { StreamMessage } from '../grpc/handlers.js';
import type { ActiveRun } from './active-run.js';
import type { RunCodec, RunResponse } from './run-codec.js';
import type { RunRow } from './run-row.js';
import type { RunStore } from './run-store.js';

/**
 * What a run that is under way has said, and what it says from now on. It is read from the store at the pace of the reader, who holds
 * nobody up; of progress the newest is told, once everything else was.
 *
 * @param signal ends the waiting for more
 * @throws the error that the run ended with. Thrown after its last message.
 */
export async function* followRun<Response extends RunResponse>(
  run: ActiveRun<Response>,
  signal: AbortSignal,
): AsyncGenerator<StreamMessage<Response>, void, void> {
  let position = 0;
  let told: Response | undefined;
  while (true) {
    signal.throwIfAborted();
    if (position < run.messageCount) {
      yield { message: run.message(position++), isProgress: false };
    } else if (run.progress !== undefined && run.progress !== told) {
      told = run.progress;
      yield { message: told, isProgress: true };
    } else if (!run.isOver) await run.changed(signal);
    else if (run.failure !== undefined) throw run.failure.error;
    else return;
  }
}

/**
 * What a run that has ended said, progress left out.
 *
 * @throws EngineError `RESULTS_NOT_KEPT`. Thrown when its messages were not stored, or made room for others.
 * @throws the error that the run ended with. Thrown after its last message.
 */
export async function* replayRun<Response extends RunResponse>(
  row: RunRow,
  store: RunStore,
  { decode }: RunCodec<Response>,
): AsyncGenerator<StreamMessage<Response>, void, void> {
  if (row.results !== 'kept') throw notKept(row);
  for (let position = 0; position < row.messageCount; position++) {
    const bytes = store.message(row.sequence, position);
    if (bytes === undefined) throw notKept(row);
    yield { message: decode(bytes), isProgress: false };
  }
  if (row.state !== 'completed') throw failureOf(row);
}

/** The error of a run whose messages there are not. */
export function notKept({ id, results }: Pick<RunRow, 'id' | 'results'>): EngineError {
  const why = results === 'none' ? 'neither a request_id nor detach' : 'results that made room for those of others';
  return new EngineError('RESULTS_NOT_KEPT', `expected a run whose results are stored, got ${id} with ${why}`, {
    metadata: { run: id },
  });
}

function failureOf({ id, errorCode, errorMessage }: RunRow): EngineError {
  // A later robustgate may have written a code that this one does not know.
  const code = ERROR_CODES.find((known) => known === errorCode) ?? 'INTERNAL';
  return new EngineError(code, errorMessage, { metadata: { run: id } });
}
