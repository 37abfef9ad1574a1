import { parseModelConfig } from './model-config.js';
import type { ModelSource } from './model-source.js';
import type { Network } from './network.js';
import { type OnnxNetworkOptions, openOnnxNetwork } from './onnx/onnx-network.js';
import type { OpenRemote } from './remote/remote-model.js';
import { openRemoteNetwork } from './remote/remote-network.js';

export interface NetworkOptions extends OnnxNetworkOptions {
  /** How remote models are reached. Default: not at all. */
  readonly openRemote?: OpenRemote | undefined;
}

/**
 * The network of a model, by the engine that its `model.yaml` names.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the files make no model.
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when the engine's runtime does not load.
 * @throws EngineError `MODEL_NOT_READY`. Thrown when a remote model does not answer.
 */
export async function loadNetwork(source: ModelSource, options: NetworkOptions): Promise<Network> {
  const config = parseModelConfig(source.configText);
  if (config.engine === 'remote') return await openRemoteNetwork(source, config, options.openRemote);
  return await openOnnxNetwork(source, config, options);
}
