import { Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import {
  ProbeRun,
  type WatchProbeRunsRequest,
  type WatchProbeRunsResponse,
} from '../../src/contract/robustgate/v1/probe.js';
import { type ProbeServiceServer, ProbeServiceService } from '../../src/contract/robustgate/v1/probe_service.js';

/** A gateway whose probes run when a test says so. */
export interface ScriptedProbes {
  readonly address: string;
  /** `afterSequence` of each `WatchProbeRuns`. */
  readonly asked: readonly number[];
  /** A run has finished: the next number, unless the change gives one. */
  finish(change?: Partial<ProbeRun>): void;
  /** Forgets all runs, as a gateway that lost its disk. */
  forget(): void;
  /** Ends all streams with an error. */
  breakStreams(code?: number): void;
  /** Ends without a word. */
  stop(): void;
  /** Starts again on the same port. */
  start(): Promise<void>;
}

type WatchCall = ServerWritableStream<WatchProbeRunsRequest, WatchProbeRunsResponse>;

/** Starts a real gRPC server with ProbeService, until the test is over: what a relay does not call is UNIMPLEMENTED. */
export async function scriptedProbes(t: Pick<ExecutionContext, 'teardown'>): Promise<ScriptedProbes> {
  let runs: ProbeRun[] = [];
  let last = 0;
  const asked: number[] = [];
  const calls = new Map<WatchCall, bigint>();
  const tell = (call: WatchCall): void => {
    for (const run of runs) {
      if (run.sequence <= (calls.get(call) ?? 0n)) continue;
      calls.set(call, run.sequence);
      call.write({ run });
    }
  };
  const service = {
    listProbeRuns: (_, answer) => answer(null, { runs: runs.slice(-1), nextPageToken: '' }),
    watchProbeRuns: (call) => {
      asked.push(Number(call.request.afterSequence ?? 0n));
      calls.set(call, call.request.afterSequence ?? 0n);
      call.on('cancelled', () => calls.delete(call));
      tell(call);
    },
  } satisfies Partial<ProbeServiceServer>;
  let port = 0;
  let server = new Server();
  const start = async (): Promise<void> => {
    server = new Server();
    server.addService(ProbeServiceService, service);
    port = await new Promise<number>((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
  };
  await start();
  t.teardown(() => server.forceShutdown());
  return {
    get address() {
      return `127.0.0.1:${port}`;
    },
    asked,
    finish(change = {}) {
      last = Number(change.sequence ?? last + 1);
      const names = { probe: 'nightly', modelName: 'toy', runId: `gateway-0.run-${last}`, finishedMs: 2000n };
      runs.push(ProbeRun.fromPartial({ ...names, sequence: BigInt(last), ...change }));
      for (const call of calls.keys()) tell(call);
    },
    forget() {
      runs = [];
      last = 0;
    },
    breakStreams(code = status.UNAVAILABLE) {
      for (const call of calls.keys()) call.emit('error', { code, details: 'a break' });
      calls.clear();
    },
    stop() {
      calls.clear();
      server.forceShutdown();
    },
    start,
  };
}
