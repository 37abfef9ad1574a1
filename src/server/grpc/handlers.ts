import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { EngineError } from '../../engine/index.js';
import type { Authorize } from '../security/authorize.js';
import type { CallContext } from './call-context.js';
import type { CallObserver } from './call-observer.js';
import type { Received } from './definitions.js';
import type { OpenCalls } from './open-calls.js';
import { type LogError, serviceError } from './status.js';
import { StreamWriter, type WritableCall } from './stream-writer.js';

/** A deadline later than this is as good as none; grpc-js takes some such deadlines for ones that have passed. */
const FAR_MS = 20 * 24 * 3600 * 1000;

/** How much too early, by our clock, gRPC may find that a deadline has passed, in milliseconds. */
const DEADLINE_SLACK_MS = 5;

/** What all methods of a service have in common. */
export interface HandlerOptions {
  readonly calls: OpenCalls;
  /** A reader that takes nothing for so long is cut off, in milliseconds. */
  readonly stallMs: number;
  readonly logError: LogError;
  /** Tells who calls, before anything of the request is looked at. */
  readonly authorize: Authorize;
  readonly observer: CallObserver;
}

type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, 'getDeadline' | 'metadata' | 'getPath' | 'getAuthContext'> & {
  on(event: 'cancelled', listener: () => void): unknown;
};

/** A call with what is known of it. */
interface Conversation {
  readonly signal: AbortSignal;
  /** All that is known of the call, once it is known who calls. */
  enter(): Promise<CallContext>;
  /** Whether the client has gone, so that there is nobody to answer. */
  isGone(): boolean;
  /** The call ended well. */
  succeed(): void;
  /** The call failed. Returns what the client gets: the error of the cut, if there was one, whatever that led to. */
  fail(failure: unknown): Partial<ServiceError>;
}

function begin(call: AnyCall, { calls, logError, observer, authorize }: HandlerOptions): Conversation {
  const { cut, end, close } = calls.open();
  const gone = new AbortController();
  // It comes after a normal end too: then nobody listens any more.
  call.on('cancelled', () => {
    gone.abort();
    close();
  });
  const deadline = call.getDeadline();
  const leftMs = deadline instanceof Date ? deadline.getTime() - Date.now() : Number(deadline) - Date.now();
  const deadlineMs = Number.isFinite(leftMs) && leftMs < FAR_MS ? performance.now() + leftMs : undefined;
  const metadata = (name: string): string | undefined => {
    const [value] = call.metadata.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const observed = observer.begin({
    method: call.getPath().slice(1),
    traceParent: metadata('traceparent'),
    traceState: metadata('tracestate'),
  });
  const signal = AbortSignal.any([gone.signal, cut]);
  return {
    signal,
    async enter() {
      const principal = await unlessAborted(signal, () => authorize(call));
      return { principal, signal, cut: end, deadlineMs, traceParent: observed.traceParent, metadata };
    },
    isGone: () => gone.signal.aborted,
    succeed: () => observed.end(status.OK, undefined),
    fail(failure) {
      const cause: unknown = cut.aborted ? cut.reason : failure;
      const isGone = gone.signal.aborted;
      // What goes wrong because nobody waits any more is no error.
      const error = serviceError(cause, isGone ? () => undefined : logError);
      const isLate = deadlineMs !== undefined && performance.now() >= deadlineMs - DEADLINE_SLACK_MS;
      const goneCode = isLate ? status.DEADLINE_EXCEEDED : status.CANCELLED;
      observed.end(isGone ? goneCode : (error.code ?? status.UNKNOWN), cause);
      return error;
    },
  };
}

/** @throws EngineError `INVALID_REQUEST`. Thrown when the bytes were no message. */
function requestOf<Request>(received: Received<Request>): Request {
  if ('request' in received) return received.request;
  throw new EngineError('INVALID_REQUEST', `expected a message of this method, got bytes that are none`, {
    violations: [{ field: '', description: `expected protobuf, got: ${received.malformed}` }],
  });
}

/** A unary method from an async function. */
export function unary<Request, Response>(
  answer: (request: Request, context: CallContext) => Promise<Response>,
  options: HandlerOptions,
): handleUnaryCall<Received<Request>, Response> {
  return (call, callback) => {
    const { signal, enter, succeed, fail } = begin(call, options);
    void (async () => {
      try {
        const context = await enter();
        const work = async (): Promise<Response> => answer(requestOf(call.request), context);
        callback(null, await unlessAborted(signal, work));
        succeed();
      } catch (failure) {
        callback(fail(failure));
      }
    })();
  };
}

/** What `work` gives, unless the signal is aborted before. */
async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work(), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** What a stream may say. Progress may be replaced by newer progress when the reader is slow. */
export interface StreamMessage<Response> {
  readonly message: Response;
  readonly isProgress: boolean;
}

/** Answers of a stream; the generator waits where the reader is slow. */
export type StreamAnswer<Request, Response> = (
  request: Request,
  context: CallContext,
) => AsyncGenerator<StreamMessage<Response>, void, void>;

/** A server-streaming method from an async generator. */
export const serverStreaming =
  <Request, Response>(
    answer: StreamAnswer<Request, Response>,
    options: HandlerOptions,
  ): handleServerStreamingCall<Received<Request>, Response> =>
  (call) =>
    converse<Response>(call, options, async (context, writer) => {
      for await (const { message, isProgress } of answer(requestOf(call.request), context)) {
        if (isProgress) writer.offerProgress(message);
        else await writer.write(message);
      }
    });

/** A method that answers each message of a stream with one, in their order; the next is read once the answer has left. */
export const bidiStreaming =
  <Request, Response>(
    answer: (request: Request, context: CallContext) => Promise<Response>,
    options: HandlerOptions,
  ): handleBidiStreamingCall<Received<Request>, Response> =>
  (call) =>
    converse<Response>(call, options, async (context, writer) => {
      // The end of what the client sends must not end what it is sent.
      const requests = call.iterator({ destroyOnReturn: false }) as AsyncIterable<Received<Request>>;
      for await (const received of requests) {
        const work = async (): Promise<Response> => answer(requestOf(received), context);
        await writer.write(await unlessAborted(context.signal, work));
      }
    });

/** Writes to a stream, and ends it well, or with an error if somebody is there to hear it. */
function converse<Response>(
  call: AnyCall & WritableCall<Response> & { emit(event: 'error', error: Partial<ServiceError>): unknown },
  options: HandlerOptions,
  work: (context: CallContext, writer: StreamWriter<Response>) => Promise<void>,
): void {
  const { signal, enter, isGone, succeed, fail } = begin(call, options);
  const writer = new StreamWriter<Response>(call, options.stallMs, signal);
  void (async () => {
    try {
      await work(await enter(), writer);
      await writer.end();
      succeed();
    } catch (failure) {
      const error = fail(failure);
      writer.abandon();
      if (!isGone()) call.emit('error', error);
    }
  })();
}
