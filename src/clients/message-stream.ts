import type { ClientReadableStream } from '@grpc/grpc-js';
import { cancelledBy, errorOf, type RobustgateError } from './robustgate-error.js';

/**
 * The messages of a server stream, in order. The call is read from now on, as far as its small buffer goes: grpc-js keeps
 * everything in memory that nobody begins to read, and a reader that is slow slows the server down. Leaving the loop
 * before the end cancels the call. Messages that came before an error are delivered before it is thrown.
 *
 * @param pick what is yielded of a message; nothing where it is `undefined`
 * @throws RobustgateError. Thrown when the call fails or is given up.
 */
export function messageStream<Message, Item>(
  start: () => ClientReadableStream<Message>,
  pick: (message: Message) => Item | undefined,
  signal: AbortSignal | undefined,
): AsyncIterableIterator<Item> {
  if (signal?.aborted) return failed(cancelledBy(signal));
  const call = start();
  const state: State = { error: undefined, isOver: false, wake: undefined };
  const cancel = (): void => call.cancel();
  const settle = (error?: unknown): void => {
    if (error !== undefined) state.error ??= signal?.aborted ? cancelledBy(signal) : errorOf(error);
    state.isOver = true;
    signal?.removeEventListener('abort', cancel);
    state.wake?.();
  };
  call.on('readable', () => state.wake?.());
  call.on('error', settle);
  call.on('end', () => settle());
  signal?.addEventListener('abort', cancel, { once: true });
  const items = itemsOf(call, pick, state);
  const stop = async (): Promise<IteratorReturnResult<undefined>> => {
    if (!state.isOver) call.cancel();
    await items.return();
    return { done: true, value: undefined };
  };
  return {
    next: () => (signal?.aborted && !state.isOver ? Promise.reject(cancelledBy(signal)) : items.next()),
    // Not the generator's own: before its first step that would end it without a word to the server.
    return: stop,
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

interface State {
  error: RobustgateError | undefined;
  /** No further message comes. */
  isOver: boolean;
  wake: (() => void) | undefined;
}

async function* itemsOf<Message, Item>(
  call: ClientReadableStream<Message>,
  pick: (message: Message) => Item | undefined,
  state: State,
): AsyncGenerator<Item, void, void> {
  while (true) {
    const message = call.read() as Message | null;
    if (message !== null) {
      const item = pick(message);
      if (item !== undefined) yield item;
    } else if (state.error !== undefined) throw state.error;
    else if (state.isOver) return;
    else {
      await new Promise<void>((resolve) => {
        state.wake = resolve;
      });
    }
  }
}

function failed(error: RobustgateError): AsyncIterableIterator<never> {
  return {
    next: () => Promise.reject(error),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
