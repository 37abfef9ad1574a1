import { status } from '@grpc/grpc-js';
import type {
  AttackChunk,
  AttackProgress,
  AttackResponse,
  AttackResult,
  AttackStarted,
  AttackSummary,
  Payload,
  PayloadId,
} from '../contract/robustgate/v1/attack.js';
import { RobustgateError } from './robustgate-error.js';

/** What happens in a run, as the gateway tells it: payloads come in chunks before their result. */
export type AttackEvent = NonNullable<AttackResponse['event']>;

/** A payload, complete. */
export interface CollectedPayload {
  readonly id: PayloadId;
  /** `PNG`, or an element type that `arrayOf` takes. */
  readonly datatype: string;
  /** Axis lengths of a tensor, without the batch axis. */
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** One example's outcome with what came with it. */
export interface CollectedResult {
  readonly result: AttackResult;
  readonly payloads: readonly CollectedPayload[];
}

/** What happens in a run, with each result's payloads put together. */
export type AssembledEvent =
  | { readonly $case: 'started'; readonly value: AttackStarted }
  | { readonly $case: 'progress'; readonly value: AttackProgress }
  | { readonly $case: 'result'; readonly value: CollectedResult }
  | { readonly $case: 'summary'; readonly value: AttackSummary };

/**
 * Puts the payloads of a run together, holding no more than those of results that have not come yet.
 *
 * @throws RobustgateError `DATA_LOSS`. Thrown when a chunk is missing, repeated or out of order, a payload is not what its
 *   result says, or the stream ends without a summary.
 */
export async function* assembleAttack(events: AsyncIterable<AttackEvent>): AsyncGenerator<AssembledEvent, void, void> {
  const open = new Map<string, OpenPayload>();
  let isSummarised = false;
  for await (const event of events) {
    if (isSummarised) throw dataLoss('nothing after the summary', event.$case);
    if (event.$case === 'chunk') addChunk(open, event.value);
    else if (event.$case === 'result') yield { $case: 'result', value: closeResult(open, event.value) };
    else {
      isSummarised = event.$case === 'summary';
      yield event;
    }
  }
  if (!isSummarised) throw dataLoss('a summary at the end', 'none');
  const [left] = open.keys();
  if (left !== undefined) throw dataLoss('a result after its payloads', `none for ${left}`);
}

/** A run, complete. */
export interface CollectedAttack {
  readonly started: AttackStarted;
  /** In the order in which they finished. */
  readonly results: readonly CollectedResult[];
  readonly summary: AttackSummary;
}

/**
 * Reads a run to its end.
 *
 * @param onProgress called with each progress message as it comes
 * @throws RobustgateError `DATA_LOSS`. Thrown when `assembleAttack` throws it, or the run did not begin with `started`.
 */
export async function collectAttack(
  events: AsyncIterable<AttackEvent>,
  onProgress: (progress: AttackProgress) => void = () => {},
): Promise<CollectedAttack> {
  const results: CollectedResult[] = [];
  let started: AttackStarted | undefined;
  let summary: AttackSummary | undefined;
  for await (const event of assembleAttack(events)) {
    if (event.$case === 'started') started = event.value;
    else if (event.$case === 'progress') onProgress(event.value);
    else if (event.$case === 'result') results.push(event.value);
    else summary = event.value;
  }
  if (started === undefined || summary === undefined) throw dataLoss('a run that begins with started', 'none');
  return { started, results, summary };
}

interface OpenPayload {
  readonly exampleKey: string;
  readonly total: number;
  readonly parts: Uint8Array[];
  received: number;
}

const nameOf = (exampleKey: string, id: PayloadId | undefined): string =>
  JSON.stringify([exampleKey, id?.field ?? 0, id?.task ?? '', id?.condition ?? 0]);

function addChunk(open: Map<string, OpenPayload>, { exampleKey, payload, offset, total, data }: AttackChunk): void {
  const name = nameOf(exampleKey, payload);
  const entry = open.get(name) ?? { exampleKey, total: Number(total), parts: [], received: 0 };
  if (Number(offset) !== entry.received) throw dataLoss(`${name} to go on at byte ${entry.received}`, `${offset}`);
  if (Number(total) !== entry.total) throw dataLoss(`${name} of ${entry.total} bytes`, `${total}`);
  entry.received += data.length;
  if (entry.received > entry.total) throw dataLoss(`${entry.total} bytes of ${name}`, `${entry.received}`);
  entry.parts.push(data);
  open.set(name, entry);
}

function closeResult(open: Map<string, OpenPayload>, result: AttackResult): CollectedResult {
  const payloads = result.payloads.map((payload) => closePayload(open, result.exampleKey, payload));
  const left = [...open].find(([, { exampleKey }]) => exampleKey === result.exampleKey);
  if (left !== undefined)
    throw dataLoss(`the payloads that the result of ${result.exampleKey} lists`, `${left[0]} too`);
  return { result, payloads };
}

function closePayload(open: Map<string, OpenPayload>, exampleKey: string, payload: Payload): CollectedPayload {
  const { id = { field: 0, task: '', condition: 0 }, datatype, shape, sizeBytes } = payload;
  const name = nameOf(exampleKey, id);
  const entry = open.get(name);
  const received = entry?.received ?? 0;
  if (received !== Number(sizeBytes)) throw dataLoss(`${sizeBytes} bytes of ${name}`, `${received}`);
  open.delete(name);
  const data = entry?.parts.length === 1 ? (entry.parts[0] as Uint8Array) : concatenate(entry?.parts ?? [], received);
  return { id, datatype, shape: shape.map(Number), data };
}

function concatenate(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

const dataLoss = (expected: string, got: string): RobustgateError =>
  new RobustgateError(`expected ${expected}, got ${got}`, { status: status.DATA_LOSS });
