import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  CancelRunRequest,
  CancelRunResponse,
  GetRunRequest,
  GetRunResponse,
  ListRunsRequest,
  ListRunsResponse,
  WatchRunRequest,
  WatchRunResponse,
} from '../../contract/robustgate/v1/run.js';
import type { RunServiceServer } from '../../contract/robustgate/v1/run_service.js';
import { serverStreaming, unary } from '../grpc/handlers.js';
import type { GatewayContext } from './gateway-context.js';
import { handlerOptions } from './handler-options.js';
import { cancelRun, getRun, listRuns, watchRun } from './runs.js';

/** The methods of `RunService`. */
export function runService(gateway: GatewayContext): UntypedServiceImplementation {
  const options = handlerOptions(gateway);
  return {
    getRun: unary<GetRunRequest, GetRunResponse>(
      async (request, context) => getRun(request, context, gateway),
      options,
    ),
    listRuns: unary<ListRunsRequest, ListRunsResponse>(
      async (request, context) => listRuns(request, context, gateway),
      options,
    ),
    cancelRun: unary<CancelRunRequest, CancelRunResponse>(
      (request, context) => cancelRun(request, context, gateway),
      options,
    ),
    watchRun: serverStreaming<WatchRunRequest, WatchRunResponse>(
      (request, context) => watchRun(request, context, gateway),
      options,
    ),
  } satisfies { readonly [Method in keyof RunServiceServer]: unknown };
}
