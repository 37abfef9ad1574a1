import type {
  ModelRepositoryParameter,
  RepositoryIndexRequest,
  RepositoryIndexResponse,
  RepositoryModelLoadRequest,
  RepositoryModelLoadResponse,
  RepositoryModelUnloadRequest,
  RepositoryModelUnloadResponse,
} from '../../contract/inference/open_inference.js';
import { EngineError } from '../../engine/index.js';
import type { VersionState } from '../repository/repository.js';
import type { GatewayContext } from '../services/gateway-context.js';
import { stateReasonOf } from '../translate/model-messages.js';

/** Our states as Triton's clients know them. */
const STATES: Readonly<Record<VersionState, string>> = {
  loading: 'LOADING',
  verified: 'READY',
  standby: 'READY',
  serving: 'READY',
  draining: 'UNLOADING',
  failed: 'UNAVAILABLE',
};

export function repositoryIndex(
  { ready }: RepositoryIndexRequest,
  { repository }: GatewayContext,
): RepositoryIndexResponse {
  const models = repository.versions.map((status) => ({
    name: status.name,
    version: status.version,
    state: STATES[status.state],
    reason: stateReasonOf(status),
  }));
  return { models: ready ? models.filter(({ state }) => state === 'READY') : models };
}

/** The name of the model: Triton's clients have it in field 2, KServe's in field 1. */
function nameIn({
  repositoryName,
  modelName,
}: {
  readonly repositoryName: string;
  readonly modelName: string;
}): string {
  return modelName === '' ? repositoryName : modelName;
}

export async function repositoryLoad(
  request: RepositoryModelLoadRequest,
  { repository }: GatewayContext,
): Promise<RepositoryModelLoadResponse> {
  refuseParameters(request.parameters);
  const modelName = nameIn(request);
  await repository.loadModel(modelName);
  return { modelName, isLoaded: true };
}

export async function repositoryUnload(
  request: RepositoryModelUnloadRequest,
  { repository }: GatewayContext,
): Promise<RepositoryModelUnloadResponse> {
  const modelName = nameIn(request);
  await repository.unloadModel(modelName);
  return { modelName, isUnloaded: true };
}

/** Triton's clients can send files and configurations along; ours are read from the repository alone. */
function refuseParameters(parameters: Readonly<Record<string, ModelRepositoryParameter>>): void {
  const [name] = Object.keys(parameters);
  if (name === undefined) return;
  const description = 'expected none: models are loaded as they lie in the repository';
  throw new EngineError('INVALID_REQUEST', `parameters.${name}: ${description}`, {
    violations: [{ field: `parameters.${name}`, description }],
  });
}
