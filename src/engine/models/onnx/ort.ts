import type * as Ort from 'onnxruntime-node';
import { EngineError } from '../../errors.js';

/**
 * ONNX Runtime, loaded when it is first needed: it is an optional dependency, for it has no binary for some platforms.
 *
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when it is not installed, or does not load here.
 */
export async function loadOrt(): Promise<typeof Ort> {
  try {
    return await import('onnxruntime-node');
  } catch (cause) {
    throw new EngineError(
      'RUNTIME_UNAVAILABLE',
      `expected onnxruntime-node to load on ${process.platform} ${process.arch}, got: ${cause}. ` +
        'Install it with: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node@1.30',
      {},
      { cause },
    );
  }
}
