import type {
  ModelConfigRequest,
  ModelConfigResponse,
  ModelMetadataRequest,
  ModelMetadataResponse,
  ModelReadyRequest,
  ModelReadyResponse,
  ServerMetadataResponse,
} from '../../contract/inference/open_inference.js';
import { EngineError, type EngineName, type ModelInfo, type TensorSignature } from '../../engine/index.js';
import { datatypeOf } from '../../host/index.js';
import type { VersionStatus } from '../repository/repository.js';
import type { GatewayContext } from '../services/gateway-context.js';

/** Only what works: `robustness` says that our own service is on the same port. */
const EXTENSIONS = ['model_repository', 'model_configuration', 'statistics', 'parameters', 'robustness'];

/** What runs a model, in the words of the protocol's other servers. */
const PLATFORMS: Readonly<Record<EngineName, { readonly platform: string; readonly backend: string }>> = {
  onnx: { platform: 'onnxruntime_onnx', backend: 'onnxruntime' },
  tfjs: { platform: 'tensorflow_tfjs', backend: 'tfjs' },
  remote: { platform: 'robustgate_remote', backend: 'robustgate' },
};

export const serverMetadata = (version: string): ServerMetadataResponse => ({
  name: 'robustgate',
  version,
  extensions: [...EXTENSIONS],
});

const isUsable = ({ state }: VersionStatus): boolean =>
  state === 'serving' || state === 'standby' || state === 'verified';

/** A model that there is not is not ready, which is no error. */
export function modelReady({ name, version }: ModelReadyRequest, { repository }: GatewayContext): ModelReadyResponse {
  try {
    return { ready: isUsable(repository.describe(name, version)) };
  } catch (error) {
    if (error instanceof EngineError && error.code === 'MODEL_NOT_FOUND') return { ready: false };
    throw error;
  }
}

/**
 * What the graph takes and gives. What tasks mean is told only to callers that ask for it, for clients of MLServer read that
 * field as another type.
 */
export function modelMetadata(
  { name, version }: ModelMetadataRequest,
  { repository }: GatewayContext,
  withProperties: boolean,
): ModelMetadataResponse {
  const info = infoOf(repository.describe(name, version));
  const versions = repository.versions
    .filter((each) => each.name === name && isUsable(each))
    .map((each) => each.version);
  const tensor = ({ name: tensorName, dataType, shape }: TensorSignature) => ({
    name: tensorName,
    datatype: datatypeOf(dataType).name,
    shape: shape.map(BigInt),
  });
  return {
    name,
    versions: version === '' ? versions : [version],
    platform: PLATFORMS[info.engine].platform,
    inputs: info.signature.inputs.map(tensor),
    outputs: info.signature.outputs.map(tensor),
    properties: withProperties ? propertiesOf(info) : {},
  };
}

function propertiesOf({ tasks, input }: ModelInfo): Record<string, string> {
  const properties: Record<string, string> = { 'robustgate.epsilon_unit': '1/255', 'robustgate.input': input.name };
  for (const task of tasks) {
    const prefix = `robustgate.task.${task.name}`;
    properties[`${prefix}.kind`] = task.kind;
    properties[`${prefix}.output`] = task.output;
    properties[`${prefix}.loss`] = task.loss;
    properties[`${prefix}.metric`] = task.metric;
    if (task.unit !== '') properties[`${prefix}.unit`] = task.unit;
    if (task.ignoreIndex !== undefined) properties[`${prefix}.ignore_index`] = String(task.ignoreIndex);
  }
  return properties;
}

/** Triton's description: with a batch axis of any length, `dims` leave it out and `max_batch_size` says how long it may be. */
export function modelConfig(
  { name, version }: ModelConfigRequest,
  { repository, config }: GatewayContext,
): ModelConfigResponse {
  const { signature, engine } = infoOf(repository.describe(name, version));
  const hasBatch = [...signature.inputs, ...signature.outputs].every(({ shape }) => shape[0] === -1);
  const dims = ({ shape }: TensorSignature): bigint[] => (hasBatch ? shape.slice(1) : shape).map(BigInt);
  return {
    config: {
      name,
      platform: PLATFORMS[engine].platform,
      maxBatchSize: hasBatch ? config.limits.examples : 0,
      backend: PLATFORMS[engine].backend,
      input: signature.inputs.map((each) => ({
        name: each.name,
        dataType: datatypeOf(each.dataType).triton,
        dims: dims(each),
        optional: each.hasDefault,
      })),
      output: signature.outputs.map((each) => ({
        name: each.name,
        dataType: datatypeOf(each.dataType).triton,
        dims: dims(each),
      })),
    },
  };
}

function infoOf({ name, version, info, state, reason }: VersionStatus): ModelInfo {
  if (info !== undefined) return info;
  const why = reason === '' ? '' : `: ${reason}`;
  throw new EngineError('MODEL_NOT_READY', `expected ${name}@${version} to be ready, got ${state}${why}`);
}
