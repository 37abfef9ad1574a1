import type { ProbeRun, Run, RunEvent } from '../../clients/index.js';
import { plain } from '../json.js';
import { runDocument } from '../run-document.js';

/** Types of events, as docs/RELAY.md lists them. */
export const EVENT_TYPES = [
  'robustgate.probe.run.finished',
  'robustgate.run.started',
  'robustgate.run.result',
  'robustgate.run.sweep_point',
  'robustgate.run.finished',
  'robustgate.run.failed',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** A CloudEvent 1.0 in its JSON format (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md). */
export interface CloudEvent {
  readonly specversion: '1.0';
  /** The same for the same event, whenever and by whomever it is relayed: letters, digits, `_` and `-`. */
  readonly id: string;
  readonly source: string;
  readonly type: EventType;
  /** Id of the run. */
  readonly subject: string;
  /** RFC 3339; absent where the gateway does not say when it happened. */
  readonly time?: string;
  readonly datacontenttype: 'application/json';
  /** Place among the events of its kind: digits, padded so that the order of texts is that of numbers. */
  readonly sequence: string;
  /** The message of the contract: 64-bit numbers are numbers, members of enums their names; no pixels. */
  readonly data: unknown;
}

/** The event of a finished run of a probe, numbered as the gateway numbers it. */
export const probeRunEvent = (run: ProbeRun, source: string): CloudEvent =>
  eventOf('robustgate.probe.run.finished', run.runId, Number(run.sequence), source, {
    time: timeOf(run.finishedMs),
    data: plain(run),
  });

/** Types by the words of the streams of attacks and of measurements of gradients. */
const RUN_TYPES: Readonly<Record<string, EventType>> = {
  started: 'robustgate.run.started',
  result: 'robustgate.run.result',
  sweepPoint: 'robustgate.run.sweep_point',
  summary: 'robustgate.run.finished',
};

/**
 * The event of a message of a run; `undefined` for what is not told onwards: progress, pieces of payloads, and what a newer gateway
 * says.
 *
 * @param sequence number of events of this run before it
 */
export function runEvent(message: RunEvent, runId: string, sequence: number, source: string): CloudEvent | undefined {
  const event = message.value.event;
  const type = event === undefined ? undefined : RUN_TYPES[event.$case];
  if (event === undefined || type === undefined) return undefined;
  return eventOf(type, runId, sequence, source, { data: plain(event.value) });
}

/** The event of a run that ended without a summary. */
export const runFailedEvent = (run: Run, sequence: number, source: string): CloudEvent =>
  eventOf('robustgate.run.failed', run.id, sequence, source, {
    ...(run.finishedMs !== undefined && { time: timeOf(run.finishedMs) }),
    data: plain(runDocument(run)),
  });

const timeOf = (ms: bigint): string => new Date(Number(ms)).toISOString();

/** Digits of the largest whole number that JSON holds for sure. */
const DIGITS = String(Number.MAX_SAFE_INTEGER).length;

const eventOf = (
  type: EventType,
  runId: string,
  sequence: number,
  source: string,
  { time, data }: { readonly time?: string; readonly data: unknown },
): CloudEvent => ({
  specversion: '1.0',
  // Standard Webhooks signs `id.time.body`: an id with a dot could be read in two ways. The UUID in the id of a run stays as it is.
  id: `${runId.replaceAll(/[^A-Za-z0-9_-]/g, '_')}-${sequence}`,
  source,
  type,
  subject: runId,
  ...(time !== undefined && { time }),
  datacontenttype: 'application/json',
  sequence: String(sequence).padStart(DIGITS, '0'),
  data,
});
