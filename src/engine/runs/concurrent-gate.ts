import type { ComputeGate } from './served-model.js';

/**
 * A gate for calls that wait for another machine instead of computing here: `limit` of them run at a time, first come, first
 * served, and nobody waits for a native call. A caller that is aborted is let go at once; its call keeps its place to the end.
 */
export function concurrentGate(limit: number): ComputeGate {
  let running = 0;
  const waiting: (() => void)[] = [];

  function enter(signal: AbortSignal): Promise<void> {
    if (running < limit) {
      running++;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const start = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(start), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.push(start);
    });
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) running--;
    else next();
  }

  return {
    sharing: 1,
    async run(_kind, _estimateMs, signal, call) {
      signal.throwIfAborted();
      await enter(signal);
      const result = Promise.resolve().then(call).finally(leave);
      return await unlessAborted(result, signal);
    },
  };
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
