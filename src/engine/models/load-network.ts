import { parseModelConfig } from './model-config.js';
import type { ModelSource } from './model-source.js';
import type { Network } from './network.js';
import type { OnnxNetworkOptions } from './onnx/onnx-network.js';
import type { OpenRemote } from './remote/remote-model.js';
import type { TfjsNetworkOptions } from './tfjs/tfjs-network.js';

/** What any engine is told. */
export type NetworkOptions = OnnxNetworkOptions &
  TfjsNetworkOptions & {
    /** How remote models are reached. Default: not at all. */
    readonly openRemote?: OpenRemote | undefined;
  };

/**
 * The network of a model, by the engine that its `model.yaml` names.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the files make no model.
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when the engine's runtime does not load.
 * @throws EngineError `MODEL_NOT_READY`. Thrown when a remote model does not answer.
 */
export async function loadNetwork(source: ModelSource, options: NetworkOptions): Promise<Network> {
  const config = parseModelConfig(source.configText);
  // Loaded when it is needed: most hosts need one of them, and each takes its time and its memory.
  if (config.engine === 'tfjs') {
    const { openTfjsNetwork } = await import('./tfjs/tfjs-network.js');
    return await openTfjsNetwork(source, config, options);
  }
  if (config.engine === 'remote') {
    const { openRemoteNetwork } = await import('./remote/remote-network.js');
    return await openRemoteNetwork(source, config, options.openRemote);
  }
  const { openOnnxNetwork } = await import('./onnx/onnx-network.js');
  return await openOnnxNetwork(source, config, options);
}
