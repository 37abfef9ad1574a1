import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import type { ExecutionContext } from 'ava';

/** A span as it arrived. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startNanos: bigint;
  readonly endNanos: bigint;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Of the process that sent it. */
  readonly resource: Readonly<Record<string, string | number>>;
}

export interface Collector {
  /** To be given as `otlpEndpoint`. */
  readonly endpoint: string;
  readonly spans: readonly ReceivedSpan[];
  /** Content types of what arrived. */
  readonly contentTypes: readonly string[];
}

/** Takes spans over HTTP on a free port until the test ends. */
export async function otlpCollector(t: Pick<ExecutionContext, 'teardown'>): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  const contentTypes: string[] = [];
  const server = createServer(async (request, response) => {
    const body = await buffer(request);
    contentTypes.push(`${request.method} ${request.url} ${request.headers['content-type']}`);
    spans.push(...spansOf(body));
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans, contentTypes };
}

type Fields = ReadonlyMap<number, readonly unknown[]>;

/**
 * Fields of a message by number, read by their wire type alone: numbers as `bigint`, fixed64 as `bigint`, the rest as bytes.
 *
 * Source: https://protobuf.dev/programming-guides/encoding/
 */
function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, unknown[]>();
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    const value = [
      () => BigInt(reader.uint64()),
      () => BigInt(reader.fixed64()),
      () => reader.bytes(),
      undefined,
      undefined,
      () => BigInt(reader.fixed32()),
    ][wireType]?.();
    fields.set(number, [...(fields.get(number) ?? []), value]);
  }
  return fields;
}

const messages = (fields: Fields, number: number): readonly Fields[] =>
  (fields.get(number) ?? []).map((bytes) => fieldsOf(bytes as Uint8Array));
const text = (fields: Fields, number: number): string =>
  Buffer.from((fields.get(number)?.[0] as Uint8Array) ?? []).toString();
const hex = (fields: Fields, number: number): string =>
  Buffer.from((fields.get(number)?.[0] as Uint8Array) ?? []).toString('hex');
const whole = (fields: Fields, number: number): bigint => (fields.get(number)?.[0] as bigint) ?? 0n;

/** Source: opentelemetry/proto/{collector/trace,trace,common,resource}/v1 of https://github.com/open-telemetry/opentelemetry-proto */
function spansOf(body: Uint8Array): ReceivedSpan[] {
  return messages(fieldsOf(body), 1).flatMap((resourceSpans) => {
    const resource = Object.assign({}, ...messages(resourceSpans, 1).map((fields) => attributesOf(fields, 1)));
    const scopes = messages(resourceSpans, 2);
    return scopes.flatMap((scope) =>
      messages(scope, 2).map((span) => ({
        traceId: hex(span, 1),
        spanId: hex(span, 2),
        parentSpanId: hex(span, 4),
        name: text(span, 5),
        kind: Number(whole(span, 6)),
        startNanos: whole(span, 7),
        endNanos: whole(span, 8),
        attributes: attributesOf(span, 9),
        resource,
      })),
    );
  });
}

function attributesOf(fields: Fields, number: number): Record<string, string | number> {
  return Object.fromEntries(
    messages(fields, number).map((pair) => {
      const [value = new Map()] = messages(pair, 2);
      return [text(pair, 1), anyValueOf(value)];
    }),
  );
}

function anyValueOf(value: Fields): string | number {
  if (value.has(1)) return text(value, 1);
  if (value.has(4)) return new DataView(new BigUint64Array([whole(value, 4)]).buffer).getFloat64(0, true);
  return Number(whole(value, 3));
}
