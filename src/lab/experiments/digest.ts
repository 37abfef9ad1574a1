import { createHash } from 'node:crypto';

/** Characters of a digest: enough that no two things of one store share it. */
const LENGTH = 16;

/**
 * The name under which a store keeps what a value describes: SHA-256 of its JSON text with sorted keys, in hexadecimal, shortened.
 */
export function digestOf(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')
    .slice(0, LENGTH);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([key, member]) => [key, sorted(member)]),
  );
}
