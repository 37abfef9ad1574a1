import { createHash } from 'node:crypto';

/**
 * SHA-256 of a request in hexadecimal, the same for the same fields: what logs and stores know a request by.
 *
 * @param request a message of the contract: plain objects, lists, numbers, text and bytes
 */
export function digestOf(request: object): string {
  const hash = createHash('sha256');
  feed(hash, request);
  return hash.digest('hex');
}

/** Every value is told with its kind and length, so that no two requests read alike; absent fields are as good as none. */
function feed(hash: ReturnType<typeof createHash>, value: unknown): void {
  if (value instanceof Uint8Array) {
    hash.update(`b${value.length}:`).update(value);
  } else if (Array.isArray(value)) {
    hash.update(`l${value.length}:`);
    for (const item of value) feed(hash, item);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1));
    hash.update(`o${entries.length}:`);
    for (const [key, item] of entries) {
      hash.update(`${key.length}:${key}`);
      feed(hash, item);
    }
  } else {
    const text = `${typeof value}:${String(value)}`;
    hash.update(`v${text.length}:${text}`);
  }
}
