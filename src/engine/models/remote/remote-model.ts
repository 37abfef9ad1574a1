import type { ModelConfig } from '../model-config.js';
import type { SessionValue } from '../onnx/session.js';
import type { RawTensors } from '../raw-tensor.js';

/** What `model.yaml` says of where a model is served. */
export type RemoteConfig = NonNullable<ModelConfig['remote']>;

/** What a remote says of its model: of its form, and nothing of its weights. */
export interface RemoteDescription {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  /** With the batch axis; −1 where any length is taken. */
  readonly inputs: readonly SessionValue[];
  readonly outputs: readonly SessionValue[];
  /** Most examples of a request; `undefined` where it does not say. */
  readonly maxBatch: number | undefined;
}

/**
 * A model that another server runs. How it is spoken to is the business of whoever opens it: the engine has no network code.
 * Errors are such as a caller of this gateway should see, and say that it is the remote that failed.
 */
export interface RemoteModel {
  /**
   * @throws EngineError `HOST_UNAVAILABLE`. Thrown when the remote does not answer in time.
   * @throws EngineError `MODEL_NOT_READY`. Thrown when it does not have the model, or refuses our credentials.
   * @throws EngineError `INVALID_MODEL`. Thrown when it says what no model can be.
   */
  describe(): Promise<RemoteDescription>;
  /**
   * The named outputs, for tensors of its own types.
   *
   * @throws EngineError `HOST_UNAVAILABLE`, `MODEL_NOT_READY`, `QUEUE_FULL`, `INVALID_REQUEST`. Thrown when the remote fails, or
   *   refuses.
   */
  infer(feeds: RawTensors, fetches: readonly string[]): Promise<RawTensors>;
  close(): void;
}

/**
 * Opens a remote, which need not be there yet.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when a file that the configuration names cannot be read.
 */
export type OpenRemote = (config: RemoteConfig) => Promise<RemoteModel>;
