import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';

/**
 * Keeps streams of requests from filling the memory while their answers wait: beyond a number of bytes that were read and not yet
 * answered, no further request is read. grpc-js by itself reads sixteen ahead, however large they are. It is for methods that
 * answer each request with one message, in their order.
 *
 * @param limitBytes of one stream; a request that is larger is read alone
 */
export const boundedReads =
  (limitBytes: number): ServerInterceptor =>
  (method, call) => {
    if (!method.requestStream || !method.responseStream) return new ServerInterceptingCall(call);
    /** Of requests that have no answer yet. */
    const sizes: number[] = [];
    let isWanted = false;
    const read = (): void => {
      const heldBytes = sizes.reduce((sum, size) => sum + size, 0);
      if (!isWanted || heldBytes >= limitBytes) return;
      isWanted = false;
      call.startRead();
    };
    return new ServerInterceptingCall({
      start: (listener) =>
        call.start({
          onReceiveMetadata: (metadata) => listener.onReceiveMetadata(metadata),
          onReceiveMessage(message) {
            sizes.push((message as { readonly sizeBytes?: number }).sizeBytes ?? 0);
            listener.onReceiveMessage(message);
          },
          onReceiveHalfClose: () => listener.onReceiveHalfClose(),
          onCancel: () => listener.onCancel(),
        }),
      startRead() {
        isWanted = true;
        read();
      },
      sendMessage: (message, taken) =>
        call.sendMessage(message, () => {
          sizes.shift();
          taken();
          read();
        }),
      sendMetadata: (metadata) => call.sendMetadata(metadata),
      sendStatus: (status) => call.sendStatus(status),
      getPeer: () => call.getPeer(),
      getDeadline: () => call.getDeadline(),
      getHost: () => call.getHost(),
      getAuthContext: () => call.getAuthContext(),
      getConnectionInfo: () => call.getConnectionInfo(),
      getMetricsRecorder: () => call.getMetricsRecorder(),
    });
  };
