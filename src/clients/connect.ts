import { type ChannelCredentials, type ChannelOptions, credentials, Metadata } from '@grpc/grpc-js';
import { AttackRequest, type DeepPartial } from '../contract/robustgate/v1/attack.js';
import { GradientNormRequest } from '../contract/robustgate/v1/gradient_norm.js';
import {
  GetModelRequest,
  type GetModelResponse,
  ListModelsRequest,
  type ListModelsResponse,
} from '../contract/robustgate/v1/model.js';
import { PredictRequest, type PredictResponse } from '../contract/robustgate/v1/predict.js';
import { ProbeServiceClient } from '../contract/robustgate/v1/probe_service.js';
import { RobustnessServiceClient } from '../contract/robustgate/v1/robustness_service.js';
import {
  CancelRunRequest,
  type CancelRunResponse,
  GetRunRequest,
  type GetRunResponse,
  ListRunsRequest,
  type ListRunsResponse,
  WatchRunRequest,
} from '../contract/robustgate/v1/run.js';
import { RunServiceClient } from '../contract/robustgate/v1/run_service.js';
import type { AttackEvent } from './attack-payloads.js';
import { followStream, followUnary } from './follow-replica.js';
import { messageStream } from './message-stream.js';
import { type ProbeClient, probeClient } from './probe-client.js';
import type { GradientNormEvent, RunEvent } from './run-events.js';
import { type CallOptions, deadlineOf, type StartCall, unaryCall } from './unary-call.js';

export interface ConnectOptions {
  /** Default: none, in clear text, as a gateway on the same machine listens. */
  readonly credentials?: ChannelCredentials;
  /** Sent with every call, e.g. `{ authorization: 'Bearer …' }`; a function is asked before each, for tokens that are renewed. */
  readonly metadata?: Readonly<Record<string, string>> | (() => Readonly<Record<string, string>>);
  /** Tries of a unary call in all, while the gateway is unavailable and says when it will be back. Default: 1. */
  readonly attempts?: number;
  /** Largest message in both directions, in bytes. Default: 64 MiB, the largest request that a gateway takes. */
  readonly maxMessageBytes?: number;
  /** Further options of the channel. */
  readonly channelOptions?: ChannelOptions;
}

/** Credentials of an encrypted channel, of PEM files: those who vouch for the gateway (default: those of the system), and ours. */
export const sslCredentials = (ca: Buffer | null, key: Buffer | null, cert: Buffer | null): ChannelCredentials =>
  credentials.createSsl(ca, key, cert);

/**
 * A gateway, as its clients see it. Requests may leave out what has a default. All calls throw a RobustgateError; streams
 * are read with `for await`, and leaving the loop cancels the call.
 */
export interface Client extends ProbeClient {
  predict(request: DeepPartial<PredictRequest>, options?: CallOptions): Promise<PredictResponse>;
  /** The raw events: `collectAttack` or `assembleAttack` put the payloads together. */
  attack(request: DeepPartial<AttackRequest>, options?: CallOptions): AsyncIterableIterator<AttackEvent>;
  gradientNorm(
    request: DeepPartial<GradientNormRequest>,
    options?: CallOptions,
  ): AsyncIterableIterator<GradientNormEvent>;
  listModels(request?: DeepPartial<ListModelsRequest>, options?: CallOptions): Promise<ListModelsResponse>;
  getModel(request: DeepPartial<GetModelRequest>, options?: CallOptions): Promise<GetModelResponse>;
  /** Asks the replica that the run belongs to, as do `cancelRun` and `watchRun`, where the gateway says its address. */
  getRun(request: DeepPartial<GetRunRequest>, options?: CallOptions): Promise<GetRunResponse>;
  listRuns(request?: DeepPartial<ListRunsRequest>, options?: CallOptions): Promise<ListRunsResponse>;
  cancelRun(request: DeepPartial<CancelRunRequest>, options?: CallOptions): Promise<CancelRunResponse>;
  /** All that a run says, from its beginning: `attackEventsOf` and `gradientNormEventsOf` take it apart. */
  watchRun(request: DeepPartial<WatchRunRequest>, options?: CallOptions): AsyncIterableIterator<RunEvent>;
  /** Frees the connection once the calls that run have ended. */
  close(): void;
}

const MIB = 2 ** 20;

/** The stubs of one gateway. */
interface Stubs {
  readonly robustness: RobustnessServiceClient;
  readonly runs: RunServiceClient;
  readonly probes: ProbeServiceClient;
  close(): void;
}

function stubsOf(
  address: string,
  { credentials: given, channelOptions }: ConnectOptions,
  maxMessageBytes: number,
): Stubs {
  const robustness = new RobustnessServiceClient(address, given ?? credentials.createInsecure(), {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    // A payload of several MiB would otherwise cross the network 64 KiB at a time.
    'grpc-node.flow_control_window': 4 * MIB,
    // A gateway that vanished without a word is noticed within 80 seconds, also in the middle of a stream.
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
    // Where a name stands for several gateways, calls take turns between them.
    'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
    ...channelOptions,
  });
  const channel = robustness.getChannel();
  const runs = new RunServiceClient(address, credentials.createInsecure(), { channelOverride: channel });
  const probes = new ProbeServiceClient(address, credentials.createInsecure(), { channelOverride: channel });
  return { robustness, runs, probes, close: () => robustness.close() };
}

/**
 * Connects with a gateway, when the first call is made.
 *
 * @param address `host:port`, or any other name that gRPC resolves, e.g. `dns:///gateway:8001`
 */
export function connect(address: string, options: ConnectOptions = {}): Client {
  const { maxMessageBytes = 64 * MIB, attempts = 1 } = options;
  const stubs = stubsOf(address, options, maxMessageBytes);
  const stub = stubs.robustness;
  const replicas = new Map<string, Stubs>();
  /** The gateway, or another replica of it. */
  const at = (replica: string | undefined): Stubs => {
    if (replica === undefined) return stubs;
    const known = replicas.get(replica) ?? stubsOf(replica, options, maxMessageBytes);
    replicas.set(replica, known);
    return known;
  };
  const runsAt = (replica: string | undefined): RunServiceClient => at(replica).runs;
  const metadata = (): Metadata => {
    const entries = new Metadata();
    const given = typeof options.metadata === 'function' ? options.metadata() : options.metadata;
    for (const [key, value] of Object.entries(given ?? {})) entries.set(key, value);
    return entries;
  };
  const unary = <Response>(call: CallOptions, start: StartCall<Response>): Promise<Response> =>
    unaryCall(start, call, attempts);
  return {
    predict: (request, call = {}) => {
      const message = PredictRequest.fromPartial(request);
      message.maxReplyBytes ??= BigInt(maxMessageBytes);
      return unary(call, (deadline, done) => stub.predict(message, metadata(), { deadline }, done));
    },
    listModels: (request = {}, call = {}) => {
      const message = ListModelsRequest.fromPartial(request);
      return unary(call, (deadline, done) => stub.listModels(message, metadata(), { deadline }, done));
    },
    getModel: (request, call = {}) => {
      const message = GetModelRequest.fromPartial(request);
      return unary(call, (deadline, done) => stub.getModel(message, metadata(), { deadline }, done));
    },
    attack: (request, { signal, timeoutMs } = {}) => {
      const message = AttackRequest.fromPartial(request);
      const deadline = deadlineOf(timeoutMs);
      return messageStream(() => stub.attack(message, metadata(), { deadline }), eventOf<AttackEvent>, signal);
    },
    gradientNorm: (request, { signal, timeoutMs } = {}) => {
      const message = GradientNormRequest.fromPartial(request);
      const deadline = deadlineOf(timeoutMs);
      return messageStream(
        () => stub.gradientNorm(message, metadata(), { deadline }),
        eventOf<GradientNormEvent>,
        signal,
      );
    },
    getRun: (request, call = {}) => {
      const message = GetRunRequest.fromPartial(request);
      return followUnary((replica) =>
        unary(call, (deadline, done) => runsAt(replica).getRun(message, metadata(), { deadline }, done)),
      );
    },
    listRuns: (request = {}, call = {}) => {
      const message = ListRunsRequest.fromPartial(request);
      return unary(call, (deadline, done) => stubs.runs.listRuns(message, metadata(), { deadline }, done));
    },
    cancelRun: (request, call = {}) => {
      const message = CancelRunRequest.fromPartial(request);
      return followUnary((replica) =>
        unary(call, (deadline, done) => runsAt(replica).cancelRun(message, metadata(), { deadline }, done)),
      );
    },
    watchRun: (request, { signal, timeoutMs } = {}) => {
      const message = WatchRunRequest.fromPartial(request);
      const deadline = deadlineOf(timeoutMs);
      return followStream((replica) =>
        messageStream(() => runsAt(replica).watchRun(message, metadata(), { deadline }), eventOf<RunEvent>, signal),
      );
    },
    ...probeClient({ probesAt: (replica) => at(replica).probes, metadata, unary }),
    close: () => {
      for (const { close } of [stubs, ...replicas.values()]) close();
    },
  };
}

/** `undefined` for an event that a newer gateway knows and we do not. */
const eventOf = <Event>({ event }: { readonly event: Event | undefined }): Event | undefined => event;
