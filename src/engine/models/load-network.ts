import { parseModelConfig } from './model-config.js';
import type { ModelSource } from './model-source.js';
import type { Network } from './network.js';
import { type OnnxNetworkOptions, openOnnxNetwork } from './onnx/onnx-network.js';

/**
 * The network of a model, by the engine that its `model.yaml` names.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the files make no model.
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when the engine's runtime does not load.
 */
export async function loadNetwork(source: ModelSource, options: OnnxNetworkOptions): Promise<Network> {
  return await openOnnxNetwork(source, parseModelConfig(source.configText), options);
}
