import test from 'ava';
import { keysOf, signatureOf } from '../../../../src/cli/relay/sinks/signature.js';

const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const message = ['msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}'] as const;
// Both with: printf '%s' 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}' | openssl dgst -sha256 -mac HMAC -macopt …
const expected = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const ofText = 'v1,ENqrYZJfEdejvH41MpDAd0s4SZwl35B0bx0LOnREaDY=';

test('a signature is the one that openssl computes, of a secret in base64 and of a plain one', (t) => {
  t.is(signatureOf(keysOf(secret), ...message), expected);
  t.is(signatureOf(keysOf('a plain secret'), ...message), ofText);
});

test('during a change of secrets a message is signed with all, in their order', (t) => {
  t.is(signatureOf(keysOf(`a plain secret\n\n${secret}\n`), ...message), `${ofText} ${expected}`);
});

test('an empty secret is none', (t) => {
  t.throws(() => keysOf(' \n'), { message: 'expected a secret, got an empty file' });
  t.throws(() => keysOf('whsec_\n'), { message: 'expected base64 after whsec_, got none' });
});
