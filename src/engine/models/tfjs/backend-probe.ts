import { EngineError } from '../../errors.js';
import type { TfjsBackend } from '../providers.js';
import { openBackend } from './open-backend.js';
import type { TfjsRuntime } from './runtime.js';

/** Whether a backend computes here. */
export interface BackendReport {
  readonly backend: TfjsBackend;
  readonly works: boolean;
  /** Why it does not; empty where it does. */
  readonly reason: string;
  /** What it computes on, as far as TF.js tells; else empty. */
  readonly device: string;
}

/** Lets a backend compute two numbers. A driver may end the process: ask in one that may die. */
export async function probeBackend(backend: TfjsBackend): Promise<BackendReport> {
  try {
    const runtime = await openBackend(backend, () => undefined);
    return { backend, works: true, reason: '', device: deviceOf(runtime) };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const reason = error.message.replace(/^expected TF\.js to compute on \w+, but /, '');
    return { backend, works: false, reason, device: '' };
  }
}

function deviceOf({ tf, backend }: TfjsRuntime): string {
  switch (backend) {
    case 'tensorflow': {
      const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
      return isUsingGpuDevice ? 'libtensorflow on a GPU' : 'libtensorflow on the CPU';
    }
    case 'webgpu':
      return 'Dawn';
    case 'wasm':
      return tf.env().getBool('WASM_HAS_SIMD_SUPPORT')
        ? 'WebAssembly with SIMD, one thread'
        : 'WebAssembly without SIMD, one thread';
    case 'cpu':
      return 'JavaScript, one thread';
  }
}
