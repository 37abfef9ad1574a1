import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  GetProbeRunRequest,
  GetProbeRunResponse,
  ListProbeRunsRequest,
  ListProbeRunsResponse,
  ListProbesRequest,
  ListProbesResponse,
  RunProbeRequest,
  RunProbeResponse,
  WatchProbeRunsRequest,
  WatchProbeRunsResponse,
} from '../../contract/robustgate/v1/probe.js';
import type { ProbeServiceServer } from '../../contract/robustgate/v1/probe_service.js';
import { serverStreaming, unary } from '../grpc/handlers.js';
import type { GatewayContext } from './gateway-context.js';
import { handlerOptions } from './handler-options.js';
import { getProbeRun, listProbeRuns, listProbes, runProbe, watchProbeRuns } from './probes.js';

/** The methods of `ProbeService`. */
export function probeService(gateway: GatewayContext): UntypedServiceImplementation {
  const options = handlerOptions(gateway);
  return {
    listProbes: unary<ListProbesRequest, ListProbesResponse>(async () => listProbes(gateway), options),
    runProbe: serverStreaming<RunProbeRequest, RunProbeResponse>(
      (request, context) => runProbe(request, context, gateway),
      options,
    ),
    listProbeRuns: unary<ListProbeRunsRequest, ListProbeRunsResponse>(
      async (request) => listProbeRuns(request, gateway),
      options,
    ),
    getProbeRun: unary<GetProbeRunRequest, GetProbeRunResponse>(
      async (request) => getProbeRun(request, gateway),
      options,
    ),
    watchProbeRuns: serverStreaming<WatchProbeRunsRequest, WatchProbeRunsResponse>(
      (request, context) => watchProbeRuns(request, context, gateway),
      options,
    ),
  } satisfies { readonly [Method in keyof ProbeServiceServer]: unknown };
}
