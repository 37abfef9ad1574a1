import { RobustgateError } from './robustgate-error.js';

/** Where the gateway says that the run is; `undefined` where the failure is another one. */
function addressOf(error: unknown): string | undefined {
  const isElsewhere = error instanceof RobustgateError && error.reason === 'WRONG_REPLICA';
  return isElsewhere ? error.metadata['address'] : undefined;
}

/**
 * The answer of a call or, where the gateway says that another replica has it, of the same call there. It is followed once.
 *
 * @param call makes the call, at the given address if there is one
 */
export async function followUnary<Response>(
  call: (replica: string | undefined) => Promise<Response>,
): Promise<Response> {
  try {
    return await call(undefined);
  } catch (error) {
    const address = addressOf(error);
    if (address === undefined) throw error;
    return await call(address);
  }
}

/** The same for a stream, of which nothing had come before. */
export function followStream<Item>(
  start: (replica: string | undefined) => AsyncIterableIterator<Item>,
): AsyncIterableIterator<Item> {
  let stream = start(undefined);
  let mayFollow = true;
  return {
    async next() {
      try {
        const item = await stream.next();
        mayFollow = false;
        return item;
      } catch (error) {
        const address = mayFollow ? addressOf(error) : undefined;
        if (address === undefined) throw error;
        mayFollow = false;
        stream = start(address);
        return await stream.next();
      }
    },
    return: async () => (await stream.return?.()) ?? { done: true, value: undefined },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
