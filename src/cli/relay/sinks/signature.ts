import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/**
 * The keys in a file of secrets, one a line, the newest first: during a change of secrets a message is signed with all. A line that
 * begins with `whsec_` is base64 after that, as Standard Webhooks writes it; of another one the text is the key.
 *
 * @throws RangeError. Thrown when there is none, or one is empty.
 */
export function keysOf(text: string): readonly Buffer[] {
  const lines = text.split('\n').map((line) => line.trim());
  const keys = lines.filter((line) => line !== '').map(keyOf);
  if (keys.length === 0) throw new RangeError('expected a secret, got an empty file');
  if (keys.some(({ length }) => length === 0)) throw new RangeError(`expected base64 after ${PREFIX}, got none`);
  return keys;
}

const keyOf = (line: string): Buffer =>
  line.startsWith(PREFIX) ? Buffer.from(line.slice(PREFIX.length), 'base64') : Buffer.from(line);

/**
 * The value of `webhook-signature`: HMAC-SHA256 over id, time and body, once for each key.
 * Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 *
 * @param timestamp seconds since 1970
 */
export function signatureOf(keys: readonly Buffer[], id: string, timestamp: number, body: string): string {
  return keys
    .map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
    .join(' ');
}
