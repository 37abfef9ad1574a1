import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';
import type {
  GRPCInferenceServiceServer,
  ModelConfigRequest,
  ModelConfigResponse,
  ModelInferRequest,
  ModelInferResponse,
  ModelMetadataRequest,
  ModelMetadataResponse,
  ModelReadyRequest,
  ModelReadyResponse,
  ModelStatisticsRequest,
  ModelStatisticsResponse,
  ModelStreamInferResponse,
  RepositoryIndexRequest,
  RepositoryIndexResponse,
  RepositoryModelLoadRequest,
  RepositoryModelLoadResponse,
  RepositoryModelUnloadRequest,
  RepositoryModelUnloadResponse,
  ServerLiveRequest,
  ServerLiveResponse,
  ServerMetadataRequest,
  ServerMetadataResponse,
  ServerReadyRequest,
  ServerReadyResponse,
} from '../../contract/inference/open_inference.js';
import { GRPCInferenceServiceService } from '../../contract/inference/open_inference.js';
import { EngineError } from '../../engine/index.js';
import { tolerant } from '../grpc/definitions.js';
import { bidiStreaming, unary } from '../grpc/handlers.js';
import type { GatewayContext } from '../services/gateway-context.js';
import { handlerOptions } from '../services/handler-options.js';
import { modelInfer } from './infer.js';
import { modelConfig, modelMetadata, modelReady, serverMetadata } from './metadata.js';
import { repositoryIndex, repositoryLoad, repositoryUnload } from './repository.js';
import { InferenceCounts } from './statistics.js';

/** Metadata with which a caller asks for the meaning of tasks, and for errors of a stream as a status. */
const WITH_PROPERTIES = 'robustgate-properties';
const ERRORS_AS_STATUS = 'triton_grpc_error';

export const inferenceServiceDefinition = (): ServiceDefinition => tolerant(GRPCInferenceServiceService);

/** What only the gateway as a whole knows. */
export interface InferenceFacts {
  readonly version: string;
  /** Whether every model of the repository serves. */
  areAllReady(): boolean;
}

/** The methods of `inference.GRPCInferenceService`: Triton's and KServe's clients reach the served models unchanged. */
export function inferenceService(gateway: GatewayContext, facts: InferenceFacts): UntypedServiceImplementation {
  const options = handlerOptions(gateway);
  const counts = new InferenceCounts();
  const told = <Request, Response>(answer: (request: Request) => Response) =>
    unary<Request, Response>(async (request) => inTheirWords(() => answer(request)), options);
  return {
    serverLive: told<ServerLiveRequest, ServerLiveResponse>(() => ({ live: true })),
    serverReady: told<ServerReadyRequest, ServerReadyResponse>(() => ({ ready: facts.areAllReady() })),
    modelReady: told<ModelReadyRequest, ModelReadyResponse>((request) => modelReady(request, gateway)),
    serverMetadata: told<ServerMetadataRequest, ServerMetadataResponse>(() => serverMetadata(facts.version)),
    modelMetadata: unary<ModelMetadataRequest, ModelMetadataResponse>(
      async (request, { metadata }) =>
        inTheirWords(() => modelMetadata(request, gateway, metadata(WITH_PROPERTIES) === 'true')),
      options,
    ),
    modelConfig: told<ModelConfigRequest, ModelConfigResponse>((request) => modelConfig(request, gateway)),
    modelStatistics: told<ModelStatisticsRequest, ModelStatisticsResponse>((request) =>
      statistics(request, gateway, counts),
    ),
    modelInfer: unary<ModelInferRequest, ModelInferResponse>(
      (request, context) => inTheirWords(() => modelInfer(request, context, gateway, counts)),
      options,
    ),
    modelStreamInfer: bidiStreaming<ModelInferRequest, ModelStreamInferResponse>(async (request, context) => {
      try {
        const inferResponse = await inTheirWords(() => modelInfer(request, context, gateway, counts));
        return { errorMessage: '', inferResponse };
      } catch (error) {
        if (context.metadata(ERRORS_AS_STATUS) === 'true' || !(error instanceof EngineError)) throw error;
        return { errorMessage: error.message, inferResponse: undefined };
      }
    }, options),
    repositoryIndex: told<RepositoryIndexRequest, RepositoryIndexResponse>((request) =>
      repositoryIndex(request, gateway),
    ),
    repositoryModelLoad: unary<RepositoryModelLoadRequest, RepositoryModelLoadResponse>(
      (request) => inTheirWords(() => repositoryLoad(request, gateway)),
      options,
    ),
    repositoryModelUnload: unary<RepositoryModelUnloadRequest, RepositoryModelUnloadResponse>(
      (request) => inTheirWords(() => repositoryUnload(request, gateway)),
      options,
    ),
  } satisfies { readonly [Method in keyof GRPCInferenceServiceServer]: unknown };
}

/** A model that is not ready is UNAVAILABLE to clients of this protocol, which then try again. */
async function inTheirWords<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'MODEL_NOT_READY') throw error;
    throw new EngineError('HOST_UNAVAILABLE', error.message, error.details, { cause: error });
  }
}

function statistics(
  { name, version }: ModelStatisticsRequest,
  { repository }: GatewayContext,
  counts: InferenceCounts,
): ModelStatisticsResponse {
  if (name !== '') return { modelStats: [counts.statistics(repository.describe(name, version))] };
  return {
    modelStats: repository.versions.filter(({ info }) => info !== undefined).map((each) => counts.statistics(each)),
  };
}
