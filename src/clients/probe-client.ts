import type { Metadata } from '@grpc/grpc-js';
import type { DeepPartial } from '../contract/robustgate/v1/attack.js';
import {
  GetProbeRunRequest,
  type GetProbeRunResponse,
  ListProbeRunsRequest,
  type ListProbeRunsResponse,
  ListProbesRequest,
  type ListProbesResponse,
  type ProbeRun,
  RunProbeRequest,
  type RunProbeResponse,
  WatchProbeRunsRequest,
} from '../contract/robustgate/v1/probe.js';
import type { ProbeServiceClient } from '../contract/robustgate/v1/probe_service.js';
import { followStream, followUnary } from './follow-replica.js';
import { messageStream } from './message-stream.js';
import { type CallOptions, deadlineOf, type StartCall } from './unary-call.js';

/** What happens to a run of a probe. */
export type ProbeEvent = NonNullable<RunProbeResponse['event']>;

/** Probes of a gateway. */
export interface ProbeClient {
  listProbes(request?: DeepPartial<ListProbesRequest>, options?: CallOptions): Promise<ListProbesResponse>;
  /** Runs a probe now, or joins the run that goes on; leaving the loop ends no run. */
  runProbe(request: DeepPartial<RunProbeRequest>, options?: CallOptions): AsyncIterableIterator<ProbeEvent>;
  listProbeRuns(request?: DeepPartial<ListProbeRunsRequest>, options?: CallOptions): Promise<ListProbeRunsResponse>;
  getProbeRun(request: DeepPartial<GetProbeRunRequest>, options?: CallOptions): Promise<GetProbeRunResponse>;
  /** Each run when it has finished, without an end. After a break `afterSequence` takes up where it broke off. */
  watchProbeRuns(request?: DeepPartial<WatchProbeRunsRequest>, options?: CallOptions): AsyncIterableIterator<ProbeRun>;
}

/** What calls are made with. */
export interface ProbeCalls {
  /** Probes of the gateway, or of another replica of it. */
  probesAt(replica: string | undefined): ProbeServiceClient;
  metadata(): Metadata;
  unary<Response>(call: CallOptions, start: StartCall<Response>): Promise<Response>;
}

/** The part of a client that is about probes. Where the gateway says that another one runs them, calls go there. */
export function probeClient({ probesAt, metadata, unary }: ProbeCalls): ProbeClient {
  return {
    listProbes: (request = {}, call = {}) => {
      const message = ListProbesRequest.fromPartial(request);
      return followUnary((replica) =>
        unary(call, (deadline, done) => probesAt(replica).listProbes(message, metadata(), { deadline }, done)),
      );
    },
    runProbe: (request, { signal, timeoutMs } = {}) => {
      const message = RunProbeRequest.fromPartial(request);
      const deadline = deadlineOf(timeoutMs);
      return followStream((replica) =>
        messageStream(
          () => probesAt(replica).runProbe(message, metadata(), { deadline }),
          ({ event }) => event,
          signal,
        ),
      );
    },
    listProbeRuns: (request = {}, call = {}) => {
      const message = ListProbeRunsRequest.fromPartial(request);
      return followUnary((replica) =>
        unary(call, (deadline, done) => probesAt(replica).listProbeRuns(message, metadata(), { deadline }, done)),
      );
    },
    getProbeRun: (request, call = {}) => {
      const message = GetProbeRunRequest.fromPartial(request);
      return followUnary((replica) =>
        unary(call, (deadline, done) => probesAt(replica).getProbeRun(message, metadata(), { deadline }, done)),
      );
    },
    watchProbeRuns: (request = {}, { signal, timeoutMs } = {}) => {
      const message = WatchProbeRunsRequest.fromPartial(request);
      const deadline = deadlineOf(timeoutMs);
      return followStream((replica) =>
        messageStream(
          () => probesAt(replica).watchProbeRuns(message, metadata(), { deadline }),
          ({ run }) => run,
          signal,
        ),
      );
    },
  };
}
