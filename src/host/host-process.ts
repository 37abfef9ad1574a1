import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { EngineError } from '../engine/index.js';
import { EventQueue } from './event-queue.js';
import { hostEnvironment } from './host-environment.js';
import type { CallOptions } from './lanes.js';
import { engineError, type HostOptions, type Method, type Reply, type Request } from './protocol.js';
import { Channel } from './wire/channel.js';
import { toSharedClock } from './wire/shared-clock.js';

/** A native call that a host is in. */
export type NativeCall = Extract<Reply, { kind: 'native-begin' }>;

/** How a process ended. */
export interface HostExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The native call that it was in. */
  readonly during: NativeCall | undefined;
}

export interface HostProcessEvents {
  onReady(): void;
  onNativeBegin(call: NativeCall): void;
  onNativeEnd(call: Extract<Reply, { kind: 'native-end' }>): void;
  onKept(kept: Extract<Reply, { kind: 'kept' }>): void;
  /** A line that the process wrote to its standard output or error. */
  onOutput(line: string): void;
  onExit(exit: HostExit): void;
}

/** A call that waits for its answer. */
interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Where events go, for a stream. */
  readonly events: EventQueue | undefined;
}

/** How long a host may take to end by itself, in milliseconds. */
const GRACE_MS = 2000;

/** One host process, from its start to its end. */
export class HostProcess {
  readonly #child: ChildProcess;
  readonly #channel: Channel;
  readonly #events: HostProcessEvents;
  readonly #pending = new Map<number, Pending>();
  readonly #ended: Promise<void>;
  #nextId = 0;
  #during: NativeCall | undefined;
  #isGone = false;
  #pingsUnanswered = 0;

  /** @param entry path of the file that the process runs */
  constructor(entry: string, options: HostOptions, events: HostProcessEvents) {
    this.#events = events;
    // Not detached: in a session of its own the process would get its own share of the cores, and its priority would mean nothing.
    this.#child = spawn(process.execPath, [entry, JSON.stringify(options)], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: hostEnvironment(process.env),
    });
    this.#channel = new Channel(this.#child.stdio[3] as Duplex, {
      onMessage: (value) => this.#receive(value as Reply),
      // A host that sends what makes no sense is as good as dead.
      onClose: () => this.#child.kill('SIGKILL'),
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => events.onOutput(line));
    }
    this.#ended = new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        if (this.#isGone) return;
        this.#isGone = true;
        this.#failAll();
        this.#events.onExit({ code, signal, during: this.#during });
        resolve();
      };
      this.#child.on('exit', end);
      this.#child.on('error', () => end(null, null));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  #receive(reply: Reply): void {
    this.#pingsUnanswered = 0;
    switch (reply.kind) {
      case 'pong':
        return;
      case 'ready':
        this.#events.onReady();
        return;
      case 'native-begin':
        this.#during = reply;
        this.#events.onNativeBegin(reply);
        return;
      case 'native-end':
        this.#during = undefined;
        this.#events.onNativeEnd(reply);
        return;
      case 'kept':
        this.#events.onKept(reply);
        return;
      case 'event':
        this.#pending.get(reply.id)?.events?.push(reply.event, reply.sizeBytes);
        return;
      case 'return':
        this.#take(reply.id)?.resolve(reply.value);
        return;
      case 'failure':
        this.#take(reply.id)?.reject(engineError(reply.error));
    }
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #failAll(): void {
    for (const [id, pending] of this.#pending) {
      this.#pending.delete(id);
      pending.reject(
        new EngineError('HOST_UNAVAILABLE', 'expected the host to live, but its process ended during the call'),
      );
    }
  }

  /** Asks for one value. */
  async call(method: Method, args: readonly unknown[], options: CallOptions): Promise<unknown> {
    const { promise, cancel } = this.#begin(method, args, options, undefined);
    return await abortable(promise, options.signal, cancel);
  }

  /** Asks for a stream of events. When the reader leaves early the host stops. */
  async *stream(method: Method, args: readonly unknown[], options: CallOptions): AsyncGenerator<unknown, void, void> {
    const events = new EventQueue();
    const { id, promise, cancel } = this.#begin(method, args, options, events);
    const finished = promise.then(
      () => events.end(undefined),
      (error: Error) => events.end(error),
    );
    const onAbort = (): void => events.end(options.signal.reason as Error);
    options.signal.addEventListener('abort', onAbort, { once: true });
    try {
      for (;;) {
        options.signal.throwIfAborted();
        const next = await events.take();
        if (next === undefined) break;
        if (next.sizeBytes > 0) this.#tell({ kind: 'taken', id, sizeBytes: next.sizeBytes });
        yield next.event;
      }
      await finished;
    } finally {
      options.signal.removeEventListener('abort', onAbort);
      if (this.#pending.has(id)) cancel();
    }
  }

  #begin(
    method: Method,
    args: readonly unknown[],
    { runId, principal, deadlineMs, traceParent, priority }: CallOptions,
    events: EventQueue | undefined,
  ): { id: number; promise: Promise<unknown>; cancel: () => void } {
    const id = this.#nextId++;
    const promise = new Promise<unknown>((resolve, reject) => {
      if (this.#isGone) {
        reject(new EngineError('HOST_UNAVAILABLE', 'expected the host to live, but its process has ended'));
        return;
      }
      this.#pending.set(id, { resolve, reject, events });
      const request: Request = {
        kind: 'call',
        id,
        method,
        args,
        runId,
        principal,
        deadlineMs: deadlineMs === undefined ? undefined : toSharedClock(deadlineMs),
        sentMs: toSharedClock(performance.now()),
        traceParent,
        priority,
      };
      this.#channel.send(request).catch((error: Error) => {
        const cause = { cause: error };
        this.#take(id)?.reject(
          new EngineError('HOST_UNAVAILABLE', 'expected the host to take the call, but it ended', {}, cause),
        );
      });
    });
    promise.catch(() => undefined); // whoever waits for it handles it; a cancelled call has nobody
    return { id, promise, cancel: () => this.#tell({ kind: 'cancel', id }) };
  }

  #tell(request: Request): void {
    this.#channel.send(request, true).catch(() => undefined);
  }

  /**
   * Asks for a sign of life.
   *
   * @returns how often it was asked for before since the host was last heard
   */
  ping(): number {
    this.#tell({ kind: 'ping' });
    return this.#pingsUnanswered++;
  }

  drain(): void {
    this.#tell({ kind: 'drain' });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Ends the process: it leaves when its pipe closes, or is killed. */
  async close(): Promise<void> {
    this.#child.stdio[3]?.destroy();
    const timer = setTimeout(() => this.kill(), GRACE_MS);
    try {
      await this.#ended;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** The promise's value, unless the signal is aborted before. */
async function abortable<T>(promise: Promise<T>, signal: AbortSignal, cancel: () => void): Promise<T> {
  signal.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      cancel();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
