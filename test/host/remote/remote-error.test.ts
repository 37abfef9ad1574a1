import { status } from '@grpc/grpc-js';
import test from 'ava';
import { remoteError } from '../../../src/host/remote/remote-error.js';

const remote = { endpoint: 'there:8001', model: 'street' };

const means = test.macro<[code: status, expected: string, text: RegExp, retryAfterMs?: number]>({
  title: (_, code, expected) => `${status[code]} of the remote is ${expected} here`,
  exec(t, code, expected, text, retryAfterMs) {
    const error = remoteError({ code, details: 'details' }, remote, 30);
    t.is(error.code, expected as typeof error.code);
    t.regex(error.message, /^expected an answer of the remote model street at there:8001, got /);
    t.regex(error.message, text);
    t.is(error.details.retryAfterMs, retryAfterMs);
    t.deepEqual(error.details.metadata, { remote: 'street' });
  },
});
test(means, status.UNAVAILABLE, 'HOST_UNAVAILABLE', /UNAVAILABLE: details; try again/, 1000);
test(means, status.DEADLINE_EXCEEDED, 'HOST_UNAVAILABLE', /nothing within 30 s; try again/, 1000);
test(means, status.INTERNAL, 'HOST_UNAVAILABLE', /INTERNAL: details/, 1000);
test(means, status.RESOURCE_EXHAUSTED, 'QUEUE_FULL', /overloaded/, 1000);
test(means, status.INVALID_ARGUMENT, 'INVALID_REQUEST', /details/);
test(means, status.NOT_FOUND, 'MODEL_NOT_READY', /load the model there/);
test(means, status.UNIMPLEMENTED, 'MODEL_NOT_READY', /does not speak/);
test(means, status.UNAUTHENTICATED, 'MODEL_NOT_READY', /refuses this gateway: give it a valid tokenFile/);
test(means, status.PERMISSION_DENIED, 'MODEL_NOT_READY', /refuses this gateway/);
