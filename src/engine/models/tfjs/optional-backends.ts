import { createRequire } from 'node:module';
import * as util from 'node:util';
import type * as Core from '@tensorflow/tfjs-core';
import { EngineError } from '../../errors.js';
import type { TfjsBackend } from '../providers.js';

/** Packages that bring libtensorflow, the one that is preferred first. */
const NATIVE_PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const;

/** The last version that calls a function which Node 23 took away (tensorflow/tfjs#8425). */
const LAST_FOR_OLD_NODE = '4.22.0';

const WEBGPU_PACKAGES = ['webgpu', '@tensorflow/tfjs-backend-webgpu'] as const;

/** Whether what a backend needs is installed; that says not yet that it works. */
export function isInstalled(backend: TfjsBackend): boolean {
  if (backend === 'tensorflow') return NATIVE_PACKAGES.some((name) => versionOf(name) !== undefined);
  return backend !== 'webgpu' || WEBGPU_PACKAGES.every((name) => versionOf(name) !== undefined);
}

/** Backends that nobody gets unless they install them. */
export const optionalBackends = {
  /** The native library, on GPU or CPU. Which of the packages it is is their users' choice: their install scripts download it. */
  async tensorflow(tf: typeof Core): Promise<void> {
    const name = NATIVE_PACKAGES.find((candidate) => versionOf(candidate) !== undefined);
    if (name === undefined) throw missing('tensorflow', NATIVE_PACKAGES.join(' or '), NATIVE_PACKAGES[0]);
    const version = versionOf(name) ?? '';
    const problem = nodeProblem(version, process.version, 'isNullOrUndefined' in util);
    if (problem !== undefined) throw unavailable('tensorflow', `${name} ${version} ${problem}`);
    await load('tensorflow', name);
    if (tf.findBackend('tensorflow') === null) {
      throw unavailable('tensorflow', `${name} brought a TF.js of its own: install the version ${tf.version_core}`);
    }
  },

  /** Dawn, which gives Node the API that browsers have, and the backend that is written for it. */
  async webgpu(): Promise<void> {
    const [dawn, backend] = WEBGPU_PACKAGES;
    const absent = WEBGPU_PACKAGES.filter((name) => versionOf(name) === undefined);
    if (absent.length > 0) throw missing('webgpu', absent.join(' and '), absent.join(' '));
    const { create, globals } = (await load('webgpu', dawn)) as {
      create(options: readonly string[]): unknown;
      globals: object;
    };
    // The backend looks for both when it is loaded.
    Object.assign(globalThis, globals);
    const navigator = (globalThis as { navigator?: object }).navigator ?? {};
    Object.defineProperty(navigator, 'gpu', { value: create([]), configurable: true });
    Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
    await load('webgpu', backend);
  },
} satisfies Partial<Record<TfjsBackend, (tf: typeof Core) => Promise<void>>>;

/**
 * Why a native package does not work on this Node; `undefined` where it may.
 *
 * @param hasOldUtil whether Node still has `util.isNullOrUndefined`, which it took away in version 23
 */
export const nodeProblem = (packageVersion: string, node: string, hasOldUtil: boolean): string | undefined =>
  hasOldUtil || packageVersion !== LAST_FOR_OLD_NODE
    ? undefined
    : `works on Node 18 to 22, for it calls util.isNullOrUndefined, which Node 23 took away; this is ${node}`;

/** Version of a package that is installed, else `undefined`. */
function versionOf(name: string): string | undefined {
  try {
    return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version;
  } catch (error) {
    // A package may hide its package.json, and be there all the same.
    return (error as NodeJS.ErrnoException).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? 'unknown' : undefined;
  }
}

async function load(backend: TfjsBackend, name: string): Promise<unknown> {
  try {
    return await import(name);
  } catch (cause) {
    const reason = String(cause).replaceAll(/\s+/g, ' ').trim();
    throw unavailable(backend, `${name} does not load: ${reason}`, cause);
  }
}

const missing = (backend: TfjsBackend, what: string, name: string): EngineError =>
  unavailable(backend, `${what} ${what.includes(' and ') ? 'are' : 'is'} not installed: npm install ${name}`);

const unavailable = (backend: TfjsBackend, reason: string, cause?: unknown): EngineError =>
  new EngineError('RUNTIME_UNAVAILABLE', `expected TF.js to compute on ${backend}, but ${reason}`, {}, { cause });
