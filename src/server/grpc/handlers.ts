import type { handleServerStreamingCall, handleUnaryCall, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import type { CallContext } from './call-context.js';
import { type LogError, serviceError } from './status.js';
import { StreamWriter } from './stream-writer.js';

/** A deadline later than this is as good as none; grpc-js takes some such deadlines for ones that have passed. */
const FAR_MS = 20 * 24 * 3600 * 1000;

type AnyCall = Pick<ServerUnaryCall<unknown, unknown>, 'getDeadline' | 'metadata' | 'on'>;

function contextOf(call: AnyCall, isFinished: () => boolean): CallContext {
  const controller = new AbortController();
  // `cancelled` comes after a normal end too.
  call.on('cancelled', () => {
    if (!isFinished()) controller.abort();
  });
  const deadline = call.getDeadline();
  const leftMs = deadline instanceof Date ? deadline.getTime() - Date.now() : Number(deadline) - Date.now();
  const [traceParent] = call.metadata.get('traceparent');
  return {
    signal: controller.signal,
    deadlineMs: Number.isFinite(leftMs) && leftMs < FAR_MS ? performance.now() + leftMs : undefined,
    traceParent: typeof traceParent === 'string' ? traceParent : undefined,
  };
}

/** A unary method from an async function. */
export function unary<Request, Response>(
  answer: (request: Request, context: CallContext) => Promise<Response>,
  logError: LogError,
): handleUnaryCall<Request, Response> {
  return (call, callback) => {
    let isFinished = false;
    answer(
      call.request,
      contextOf(call, () => isFinished),
    ).then(
      (response) => {
        isFinished = true;
        callback(null, response);
      },
      (error: unknown) => {
        isFinished = true;
        callback(serviceError(error, logError));
      },
    );
  };
}

/** What a stream may say. Progress may be replaced by newer progress when the reader is slow. */
export interface StreamMessage<Response> {
  readonly message: Response;
  readonly isProgress: boolean;
}

/** A server-streaming method from an async generator. The generator waits where the reader is slow. */
export function serverStreaming<Request, Response>(
  answer: (request: Request, context: CallContext) => AsyncGenerator<StreamMessage<Response>, void, void>,
  stallMs: number,
  logError: LogError,
): handleServerStreamingCall<Request, Response> {
  return (call: ServerWritableStream<Request, Response>) => {
    let isFinished = false;
    call.on('finish', () => {
      isFinished = true;
    });
    const context = contextOf(call, () => isFinished);
    void respond(call, answer, context, stallMs).catch((error: unknown) => {
      isFinished = true;
      if (!call.destroyed && !context.signal.aborted) call.emit('error', serviceError(error, logError));
    });
  };
}

async function respond<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  answer: (request: Request, context: CallContext) => AsyncGenerator<StreamMessage<Response>, void, void>,
  context: CallContext,
  stallMs: number,
): Promise<void> {
  const writer = new StreamWriter<Response>(call, stallMs, context.signal);
  for await (const { message, isProgress } of answer(call.request, context)) {
    if (isProgress) writer.offerProgress(message);
    else await writer.write(message);
  }
  await writer.end();
}
