import { once } from 'node:events';
import { credentials, Server, ServerCredentials, type ServerDuplexStream, type ServiceDefinition } from '@grpc/grpc-js';
import test, { type ExecutionContext } from 'ava';
import {
  GRPCInferenceServiceClient,
  GRPCInferenceServiceService,
} from '../../../src/contract/inference/open_inference.js';
import { boundedReads } from '../../../src/server/grpc/bounded-reads.js';
import { type Received, tolerant } from '../../../src/server/grpc/definitions.js';
import { gate } from '../../support/gate.js';
import { inferRequest } from '../../support/inference-client.js';

const COUNT = 40;
const REQUEST_BYTES = 100_000;

/** A server that answers nothing before it is let, a client that sends all at once, and how many requests were read by then. */
async function stream(t: ExecutionContext, limitBytes: number) {
  const answering = gate();
  let read = 0;
  const definition = tolerant({ modelStreamInfer: GRPCInferenceServiceService.modelStreamInfer }) as ServiceDefinition;
  const { modelStreamInfer: method } = definition;
  const counted: ServiceDefinition = {
    modelStreamInfer: {
      ...(method as NonNullable<typeof method>),
      requestDeserialize: (bytes) => {
        read++;
        return method?.requestDeserialize(bytes);
      },
    },
  };
  const server = new Server({ interceptors: [boundedReads(limitBytes)] });
  server.addService(counted, {
    async modelStreamInfer(call: ServerDuplexStream<Received<{ id: string }>, unknown>) {
      for await (const received of call.iterator({ destroyOnReturn: false })) {
        await answering.opened;
        const id = 'request' in received ? received.request.id : '';
        await new Promise<void>((taken) => {
          call.write({ errorMessage: id, inferResponse: undefined }, () => taken());
        });
      }
      call.end();
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const client = new GRPCInferenceServiceClient(`127.0.0.1:${port}`, credentials.createInsecure());
  t.teardown(() => {
    client.close();
    server.forceShutdown();
  });
  const call = client.modelStreamInfer();
  for (let n = 0; n < COUNT; n++) {
    call.write(inferRequest('m', [], { id: `${n}`, rawInputContents: [Buffer.alloc(REQUEST_BYTES)] }));
  }
  call.end();
  return { call, answering, read: () => read };
}

for (const [limitBytes, expected] of [
  [1, 1],
  [REQUEST_BYTES, 1],
  [3.5 * REQUEST_BYTES, 4],
] as const) {
  test(`of requests that nobody answers no more than ${limitBytes} bytes are read, and one message`, async (t) => {
    const { call, answering, read } = await stream(t, limitBytes);
    const ids: string[] = [];
    let most = 0;
    call.on('data', ({ errorMessage }: { errorMessage: string }) => {
      ids.push(errorMessage);
      most = Math.max(most, read() - ids.length);
    });
    await untilQuiet(read);
    t.true(read() <= expected, `${read()} were read`);
    answering.open();
    await once(call, 'end');
    t.deepEqual(
      ids,
      Array.from({ length: COUNT }, (_, n) => `${n}`),
    );
    t.true(most <= expected + 1, `${most} were held while answers went out`);
  });
}

/** Resolved when a figure has stayed the same for a while. What is read later is judged as well: nothing depends on the time. */
async function untilQuiet(figure: () => number): Promise<void> {
  for (let before = -1, same = 0; same < 10; ) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    same = figure() > 0 && figure() === before ? same + 1 : 0;
    before = figure();
  }
}
