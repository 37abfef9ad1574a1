import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Example } from '../../contract/robustgate/v1/example.js';
import type { RunKindName } from './run-row.js';

/** What the requests for all kinds of runs say of their start. */
export interface StartRequest {
  readonly examples: readonly Example[];
  readonly requestId?: string | undefined;
  readonly detach?: boolean | undefined;
}

/**
 * SHA-256 of all that a request asks for: of its encoding without `request_id` and `detach`, with maps in the order of their keys, in
 * hexadecimal. Other calls have their turn between two examples.
 *
 * @param encode bytes of the request
 */
export async function requestDigest<Request extends StartRequest>(
  kind: RunKindName,
  request: Request,
  encode: (request: Request) => Uint8Array,
): Promise<string> {
  const hash = createHash('sha256');
  const add = (bytes: Uint8Array): void => {
    // With its length, so that a byte cannot move from one part to the next.
    hash.update(`${bytes.length}:`).update(bytes);
  };
  add(Buffer.from(kind));
  add(encode({ ...request, examples: [], requestId: undefined, detach: undefined }));
  for (const example of request.examples) {
    const { labels, extraInputs } = example;
    add(Example.encode({ ...example, labels: sorted(labels), extraInputs: sorted(extraInputs) }).finish());
    await nextTurn();
  }
  return hash.digest('hex');
}

const sorted = <Value>(map: Readonly<Record<string, Value>>): Record<string, Value> =>
  Object.fromEntries(Object.entries(map).toSorted(([left], [right]) => (left < right ? -1 : 1)));
