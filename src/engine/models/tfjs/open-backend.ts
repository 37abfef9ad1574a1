import { EngineError } from '../../errors.js';
import { TFJS_BACKENDS, type TfjsBackend } from '../providers.js';
import { fillKernels } from './kernel-fallback.js';
import { isInstalled, optionalBackends } from './optional-backends.js';
import { repairGradients } from './repairs/index.js';
import { type Tf, type TfjsRuntime, useBackend } from './runtime.js';

/** Loads what registers a backend with TF.js. */
const BACKENDS: Readonly<Record<TfjsBackend, (tf: Tf) => Promise<unknown>>> = {
  ...optionalBackends,
  wasm: () => import('@tensorflow/tfjs-backend-wasm'),
  cpu: () => import('@tensorflow/tfjs-backend-cpu'),
};

/**
 * TF.js on a backend, once that has computed two numbers rightly. Backends of a process live side by side: `useBackend` says
 * which one computes next.
 *
 * @param warn told once of every kernel that the backend lacks, and the CPU computes instead
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when the backend is not installed, or does not work here.
 */
export async function openBackend(backend: TfjsBackend, warn: (message: string) => void): Promise<TfjsRuntime> {
  const tf = await import('@tensorflow/tfjs-core');
  // Else TF.js advertises its native backend on the console, and looks for NaN in what it need not.
  tf.enableProdMode();
  // The bundle of the layers is what registers the gradients: that of the core has none.
  const [layers, converter] = await Promise.all([
    import('@tensorflow/tfjs-layers'),
    import('@tensorflow/tfjs-converter'),
    BACKENDS.cpu(tf),
  ]);
  repairGradients(tf);
  await BACKENDS[backend](tf);
  await start(tf, backend);
  fillKernels(tf, backend, warn);
  const runtime: TfjsRuntime = { tf, layers, converter, backend };
  const got = await squarePlus(runtime);
  if (got !== '0, 0.75, 6, 12') throw unavailable(backend, `x² + x is ${got} instead of 0, 0.75, 6, 12`);
  return runtime;
}

/**
 * TF.js on the first backend that works here; `fallbacks` says why none of those before it.
 *
 * @param backends those that the model prefers; `undefined` means all that are installed
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when none does.
 */
export async function openFirstThatWorks(
  backends: readonly TfjsBackend[] | undefined,
  warn: (message: string) => void,
): Promise<{ readonly runtime: TfjsRuntime; readonly fallbacks: readonly string[] }> {
  const fallbacks: string[] = [];
  for (const backend of backends ?? TFJS_BACKENDS.filter(isInstalled)) {
    try {
      return { runtime: await openBackend(backend, warn), fallbacks };
    } catch (error) {
      if (!(error instanceof EngineError) || error.code !== 'RUNTIME_UNAVAILABLE') throw error;
      fallbacks.push(`${backend}: ${error.message}`);
    }
  }
  throw new EngineError(
    'RUNTIME_UNAVAILABLE',
    `expected one of the backends ${(backends ?? TFJS_BACKENDS).join(', ')} to run the model, got: ${fallbacks.join('; ')}`,
  );
}

/** What is started last: TF.js drops a backend that is still starting when another one is asked for. */
let starting: Promise<unknown> = Promise.resolve();

async function start(tf: Tf, backend: TfjsBackend): Promise<void> {
  const before = starting;
  const started = (async () => {
    await before.catch(() => undefined);
    return await tf.setBackend(backend);
  })();
  starting = started;
  const isReady = await started.catch((cause: unknown) => {
    throw unavailable(backend, String(cause), cause);
  });
  if (!isReady) throw unavailable(backend, `it does not start${HINTS[backend] ?? ''}`);
}

const HINTS: Readonly<Partial<Record<TfjsBackend, string>>> = {
  webgpu:
    ': on Linux it needs libvulkan.so.1 and a Vulkan driver (on Debian, libvulkan1 and mesa-vulkan-drivers or the driver of the GPU)',
};

/** x² + x of a few numbers: a driver that loads may still not compute. */
async function squarePlus(runtime: TfjsRuntime): Promise<string> {
  const { tf } = runtime;
  useBackend(runtime);
  const y = tf.tidy(() => {
    const x = tf.tensor1d([-1, 0.5, 2, 3]);
    return tf.add(tf.mul(x, x), x);
  });
  const values = await y.data();
  y.dispose();
  return [...values].join(', ');
}

const unavailable = (backend: TfjsBackend, reason: string, cause?: unknown): EngineError =>
  new EngineError('RUNTIME_UNAVAILABLE', `expected TF.js to compute on ${backend}, but ${reason}`, {}, { cause });
