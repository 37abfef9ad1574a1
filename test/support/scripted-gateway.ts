import { once } from 'node:events';
import { Metadata, Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import { BadRequest, ErrorInfo, RetryInfo, Status } from '../../src/contract/google/google_rpc.js';
import type { AttackRequest, AttackResponse } from '../../src/contract/robustgate/v1/attack.js';
import type { GradientNormRequest, GradientNormResponse } from '../../src/contract/robustgate/v1/gradient_norm.js';
import {
  type RobustnessServiceServer,
  RobustnessServiceService,
} from '../../src/contract/robustgate/v1/robustness_service.js';

/** What a scripted gateway answers; what is left out is UNIMPLEMENTED. */
export interface Script {
  readonly predict?: RobustnessServiceServer['predict'];
  readonly attack?: RobustnessServiceServer['attack'];
  readonly gradientNorm?: RobustnessServiceServer['gradientNorm'];
  readonly listModels?: RobustnessServiceServer['listModels'];
  readonly getModel?: RobustnessServiceServer['getModel'];
}

/** Starts a real gRPC server that follows a script, until the test is over. Returns its address. */
export async function scriptedGateway(t: ExecutionContext, script: Script): Promise<string> {
  const server = new Server({ 'grpc.max_receive_message_length': 64 * 2 ** 20 });
  const refuse: RobustnessServiceServer['predict'] = (_, answer) => answer({ code: status.UNIMPLEMENTED });
  const refuseStream: RobustnessServiceServer['attack'] = (call) => call.emit('error', { code: status.UNIMPLEMENTED });
  server.addService(RobustnessServiceService, {
    predict: refuse,
    listModels: refuse,
    getModel: refuse,
    attack: refuseStream,
    gradientNorm: refuseStream,
    ...script,
  } as RobustnessServiceServer);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  t.teardown(() => server.forceShutdown());
  return `127.0.0.1:${port}`;
}

/** A gRPC error with `google.rpc` details, as a gateway sends it. */
export function failure(
  code: number,
  details: string,
  facts: {
    readonly reason?: string;
    readonly metadata?: Record<string, string>;
    readonly violations?: { field: string; description: string }[];
    readonly retryAfterMs?: number;
  } = {},
) {
  const any = (name: string, value: Uint8Array) => ({ typeUrl: `type.googleapis.com/google.rpc.${name}`, value });
  const { reason, violations, retryAfterMs } = facts;
  const list = [];
  if (reason !== undefined) {
    const info = { reason, domain: 'robustgate', metadata: facts.metadata ?? {} };
    list.push(any('ErrorInfo', ErrorInfo.encode(info).finish()));
  }
  if (violations !== undefined) {
    list.push(any('BadRequest', BadRequest.encode({ fieldViolations: violations }).finish()));
  }
  if (retryAfterMs !== undefined) {
    list.push(any('RetryInfo', RetryInfo.encode({ retryDelay: durationOf(retryAfterMs) }).finish()));
  }
  const metadata = new Metadata();
  const bytes = Status.encode({ code, message: details, details: list }).finish();
  metadata.set('grpc-status-details-bin', Buffer.from(bytes));
  return { code, details, metadata };
}

const durationOf = (milliseconds: number) => ({
  seconds: BigInt(Math.floor(milliseconds / 1000)),
  nanos: (milliseconds % 1000) * 1e6,
});

export type AttackCall = ServerWritableStream<AttackRequest, AttackResponse>;
export type GradientNormCall = ServerWritableStream<GradientNormRequest, GradientNormResponse>;

/** Writes the last message. (What `end` of grpc-js takes is not a message.) */
export function endWith<Message>(call: ServerWritableStream<unknown, Message>, message: Message): void {
  call.write(message);
  call.end();
}

/** Writes a message once there is room for it. Returns whether the call still runs. */
export async function writeWhenRoom<Message>(call: ServerWritableStream<unknown, Message>, message: Message) {
  if (call.cancelled || call.destroyed) return false;
  if (call.write(message)) return true;
  const stop = new AbortController();
  try {
    const { signal } = stop;
    await Promise.race([
      once(call, 'drain', { signal }),
      once(call, 'cancelled', { signal }),
      once(call, 'close', { signal }),
    ]);
  } finally {
    stop.abort();
  }
  return !call.cancelled;
}
