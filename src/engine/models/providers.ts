/**
 * What ONNX Runtime computes with: its execution providers, as `model.yaml` names them. `dml` and `coreml` are there where
 * onnxruntime-node says that it has them, on Windows and macOS.
 */
export const PROVIDERS = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;

export type ProviderName = (typeof PROVIDERS)[number];
