import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { growGraph } from '../../onnx/builder.js';
import { encodeStaticGraph } from '../../onnx/encode-model.js';
import type { ProviderName } from '../providers.js';
import { loadOrt } from './ort.js';
import { createSession } from './session.js';

/** Whether a provider computes here. */
export interface ProviderReport {
  readonly provider: ProviderName;
  /** Whether onnxruntime-node has it for this platform at all. */
  readonly isThere: boolean;
  readonly works: boolean;
  /** Why it does not; empty where it does. */
  readonly reason: string;
  /** What it computes on, as far as the system tells; else empty. */
  readonly device: string;
}

/**
 * Makes a session of two nodes, runs it, and looks at the numbers: nothing less says that a driver works. A driver may also end
 * the process: ask in one that may die.
 */
export async function probeProvider(provider: ProviderName): Promise<ProviderReport> {
  const [isThere, reason] = await tryProvider(provider).catch((error: unknown): [boolean, string] => [
    true,
    explained(provider, oneLine(error instanceof Error ? error.message : String(error))),
  ]);
  const works = reason === '';
  return { provider, isThere, works, reason, device: works ? deviceOf(provider) : '' };
}

async function tryProvider(provider: ProviderName): Promise<[isThere: boolean, reason: string]> {
  const { listSupportedBackends } = await loadOrt();
  if (!listSupportedBackends().some(({ name }) => name === provider)) {
    return [false, `onnxruntime-node has no ${provider} for ${process.platform} ${process.arch}`];
  }
  const missing = provider === 'cuda' ? missingLibraries() : [];
  if (missing.length > 0) return [true, cudaAdvice(missing)];
  return [true, await computes(provider)];
}

/** Empty, or what is wrong with the numbers. */
async function computes(provider: ProviderName): Promise<string> {
  const g = growGraph();
  const x = g.addInput('x', 'float32', [4]);
  const y = g.named(g.op('Add', [g.op('Mul', [x, x]), x]), 'y');
  const session = await createSession(encodeStaticGraph(g.finish([y])), {
    threads: 1,
    allowSpinning: false,
    optimization: 'all',
    prepacking: true,
    provider,
  });
  try {
    const data = Float32Array.of(-1, 0.5, 2, 3);
    const results = await session.run(new Map([['x', { dataType: 'float32', shape: [4], data }]]), ['y']);
    const got = [...(results.get('y')?.data ?? [])].join(', ');
    return got === '0, 0.75, 6, 12' ? '' : `expected x² + x to be 0, 0.75, 6, 12, got ${got}`;
  } finally {
    await session.release();
  }
}

/** What we say before ONNX Runtime's words, and where in its source it says them, is of no use to an operator. */
const oneLine = (text: string): string =>
  text
    .replace(/^expected a graph that ONNX Runtime takes, got: /, '')
    .replace(/^.* was false\. /s, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** What an operator can do about it. */
function explained(provider: ProviderName, message: string): string {
  if (provider !== 'webgpu' || !/adapter/i.test(message) || process.platform !== 'linux') return message;
  return `${message}: on Linux it needs libvulkan.so.1 and a Vulkan driver (on Debian, libvulkan1 and mesa-vulkan-drivers or the driver of the GPU)`;
}

const CUDA_LIBRARIES = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'];

/** Libraries that the package's install script puts beside the binding, where it may run and the network lets it. */
function missingLibraries(): readonly string[] {
  if (process.platform !== 'linux') return [];
  const folder = new URL(`../bin/napi-v6/linux/${process.arch}/`, import.meta.resolve('onnxruntime-node'));
  return CUDA_LIBRARIES.map((name) => fileURLToPath(new URL(name, folder))).filter((path) => !existsSync(path));
}

const cudaAdvice = (missing: readonly string[]): string =>
  `expected ${missing.map((path) => basename(path)).join(' and ')} beside onnxruntime-node's binding, got none there: ` +
  'run `node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install=cuda12`, which downloads them ' +
  '(CUDA 12 and cuDNN 9 must be installed too)';

/** Neither ONNX Runtime nor its binding for Node tells what it computes on: the system does, on Linux. */
function deviceOf(provider: ProviderName): string {
  try {
    if (provider === 'cpu') return /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
    return provider === 'cuda' ? nvidiaDevice() : (nvidiaDeviceIf(vulkanDrivers()) ?? vulkanDrivers().join(', '));
  } catch {
    return '';
  }
}

function nvidiaDevice(): string {
  const folder = '/proc/driver/nvidia/gpus/';
  const models = readdirSync(folder).map(
    (gpu) => /^Model:\s*(.*)$/m.exec(readFileSync(`${folder}${gpu}/information`, 'utf8'))?.[1] ?? gpu,
  );
  return models.join(', ');
}

const nvidiaDeviceIf = (drivers: readonly string[]): string | undefined =>
  drivers.length === 1 && drivers[0]?.includes('nvidia') ? nvidiaDevice() : undefined;

/** Vulkan drivers that this process has loaded: one of them is what WebGPU computes with. */
function vulkanDrivers(): readonly string[] {
  const names = readFileSync('/proc/self/maps', 'utf8').matchAll(
    /\/(lib(?:vulkan_|vk_|GLX_nvidia|nvidia-vulkan)[^/\s]*)$/gm,
  );
  return [...new Set([...names].map(([, name]) => name as string))];
}
