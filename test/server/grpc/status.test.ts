import type { Metadata } from '@grpc/grpc-js';
import test from 'ava';
import {
  BadRequest,
  ErrorInfo,
  QuotaFailure,
  ResourceInfo,
  RetryInfo,
  Status,
} from '../../../src/contract/google/google_rpc.js';
import { EngineError, ERROR_CODES, type ErrorDetails } from '../../../src/engine/index.js';
import { STATUS_OF, serviceError } from '../../../src/server/grpc/status.js';

const silent = (): void => undefined;
const DECODERS = { BadRequest, ErrorInfo, QuotaFailure, ResourceInfo, RetryInfo } as const;

/** The details of a trailer, decoded. */
function detailsOf(metadata: Metadata | undefined) {
  const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
  const { code, message, details } = Status.decode(bytes as Uint8Array);
  const byName = Object.fromEntries(
    details.map(({ typeUrl, value }) => {
      const name = typeUrl.slice('type.googleapis.com/google.rpc.'.length) as keyof typeof DECODERS;
      return [name, DECODERS[name].decode(value)];
    }),
  );
  return { code, message, byName };
}

for (const code of ERROR_CODES) {
  if (code === 'INTERNAL') continue;
  test(`${code} is told with its status, its reason and our domain`, (t) => {
    const { code: status = -1, details, metadata } = serviceError(new EngineError(code, 'expected a, got b'), silent);
    const decoded = detailsOf(metadata);
    t.is(status, STATUS_OF[code]);
    t.is(details, 'expected a, got b');
    t.is(decoded.code, status);
    t.is(decoded.message, 'expected a, got b');
    t.like(decoded.byName, { ErrorInfo: { reason: code, domain: 'robustgate', metadata: {} } });
  });
}

const error = (code: 'INVALID_REQUEST' | 'QUEUE_FULL' | 'MODEL_NOT_FOUND', details: ErrorDetails) =>
  detailsOf(serviceError(new EngineError(code, 'text', details), silent).metadata).byName;

test('violated fields travel as BadRequest', (t) => {
  const violations = [{ field: 'attack.steps', description: 'expected steps ≥ 1, got 0' }];
  t.like(error('INVALID_REQUEST', { violations }), {
    BadRequest: { fieldViolations: [{ ...violations[0] }] },
    ErrorInfo: { metadata: {} },
  });
});

test('a time to retry travels as RetryInfo, a full queue as QuotaFailure', (t) => {
  t.like(error('QUEUE_FULL', { retryAfterMs: 2500 }), {
    RetryInfo: { retryDelay: { seconds: 2n, nanos: 500_000_000 } },
    QuotaFailure: { violations: [{ subject: 'queue', description: 'text' }] },
  });
});

test('a model that is not there travels as ResourceInfo', (t) => {
  t.like(error('MODEL_NOT_FOUND', { metadata: { model: 'street' } }), {
    ResourceInfo: { resourceType: 'model', resourceName: 'street', description: 'text' },
    ErrorInfo: { metadata: { model: 'street' } },
  });
});

for (const [what, thrown] of [
  ['an error that nobody raised on purpose', new TypeError('secret')],
  ['INTERNAL', new EngineError('INTERNAL', 'secret', { metadata: { path: 'secret' } })],
  ['what is no error at all', 'secret'],
] as const) {
  test(`of ${what} the log learns all, the client nothing`, (t) => {
    const logged: unknown[] = [];
    const { code, details, metadata } = serviceError(thrown, (cause) => void logged.push(cause));
    t.deepEqual(logged, [thrown]);
    t.is(code, 13);
    t.is(details, 'internal error');
    const [bytes] = metadata?.get('grpc-status-details-bin') ?? [];
    t.false(Buffer.from(bytes as Uint8Array).includes('secret'));
  });
}

test('an abort is CANCELLED, and no news for the log', (t) => {
  const { code } = serviceError(AbortSignal.abort().reason, () => t.fail());
  t.is(code, 1);
});

for (const [what, letter] of [
  ['ASCII', 'x'],
  ['of three bytes', '€'],
  ['of surrogate pairs', '😀'],
] as const) {
  test(`an error with texts ${what} of a megabyte fits into the headers that every client takes`, (t) => {
    const long = `a${letter.repeat(1e6)}`;
    const violations = Array.from({ length: 500 }, () => ({ field: long, description: long }));
    for (const code of ['MODEL_NOT_FOUND', 'INVALID_REQUEST', 'QUEUE_FULL'] as const) {
      for (const details of [
        { metadata: { model: long } },
        { violations, metadata: { model: long }, retryAfterMs: 1 },
      ]) {
        const { details: text = '', metadata } = serviceError(new EngineError(code, long, details), silent);
        const headers = Object.entries(metadata?.toHttp2Headers() ?? {});
        const size = headers.reduce((sum, [name, values]) => sum + name.length + String(values).length + 32, 0);
        t.true(encodeURI(text).length + size < 7900, `got ${encodeURI(text).length} + ${size}`);
        t.is(detailsOf(metadata).message, text);
      }
    }
  });
}

test('violations that do not fit are counted, and as many as fit are told', (t) => {
  const violations = Array.from({ length: 100 }, (_, i) => ({
    field: `examples[${i}].key`,
    description: 'expected a key',
  }));
  const byName = error('INVALID_REQUEST', { violations });
  const told = byName['BadRequest'] as BadRequest;
  const info = byName['ErrorInfo'] as ErrorInfo;
  t.true(told.fieldViolations.length >= 40, `got ${told.fieldViolations.length}`);
  t.is(Number(info.metadata['violations_left_out']), 100 - told.fieldViolations.length);
});
