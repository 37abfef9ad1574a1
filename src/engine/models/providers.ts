/**
 * What ONNX Runtime computes with: its execution providers, as `model.yaml` names them. `dml` and `coreml` are there where
 * onnxruntime-node says that it has them, on Windows and macOS.
 */
export const PROVIDERS = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;

export type ProviderName = (typeof PROVIDERS)[number];

/** What TF.js computes with: its backends, as `model.yaml` names them, the one that is preferred unless it says otherwise first. */
export const TFJS_BACKENDS = ['tensorflow', 'webgpu', 'wasm', 'cpu'] as const;

export type TfjsBackend = (typeof TFJS_BACKENDS)[number];

/** What runs models here: ONNX Runtime, or TensorFlow.js. */
export const LOCAL_ENGINES = ['onnx', 'tfjs'] as const;

export type LocalEngine = (typeof LOCAL_ENGINES)[number];

/** What runs models: one of those, or another server. */
export const ENGINES = [...LOCAL_ENGINES, 'remote'] as const;

export type EngineName = (typeof ENGINES)[number];
