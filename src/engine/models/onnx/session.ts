import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { EngineError } from '../../errors.js';
import type { DataType } from '../../onnx/data-types.js';
import type { EncodedModel } from '../../onnx/encode-model.js';
import type { ElementArray, GraphValue, RuntimeTensor } from '../graph-value.js';
import type { ProviderName } from '../providers.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { loadOrt } from './ort.js';

export interface SessionOptions extends RuntimeOptions {
  /** `disabled` runs every node as it is; `all` is fastest. */
  readonly optimization: 'disabled' | 'all';
  /** Whether weights are laid out for speed when the session is made; without, it is made faster. */
  readonly prepacking: boolean;
  /** Whether memory of one run is kept for the next: up to a fifth faster, and for sessions that run often. Default: yes. */
  readonly keepsMemory?: boolean;
  /** What computes the nodes that it has kernels for; the CPU does the rest. Default: `cpu`. */
  readonly provider?: ProviderName;
  /** Names of nodes that the CPU computes although WebGPU says that it can. */
  readonly cpuNodes?: readonly string[];
}

type WebGpuOption = InferenceSession.WebGpuExecutionProviderOption;

export type { RuntimeTensor } from '../graph-value.js';

/** A declared input or output. */
export type SessionValue = GraphValue;

/**
 * A graph made ready to run. Runs and creation block the event loop: sessions live in host processes. So no two of a process
 * ever run at a time, which WebGPU's would crash from (onnxruntime#32561).
 */
export interface Session {
  readonly inputs: readonly SessionValue[];
  readonly outputs: readonly SessionValue[];
  /**
   * Runs the whole graph, whatever is fetched.
   *
   * @throws EngineError `INTERNAL`. Thrown when ONNX Runtime refuses the run.
   */
  run(
    feeds: ReadonlyMap<string, RuntimeTensor>,
    fetches: readonly string[],
  ): Promise<ReadonlyMap<string, RuntimeTensor>>;
  release(): Promise<void>;
}

/**
 * @throws EngineError `RUNTIME_UNAVAILABLE`. Thrown when ONNX Runtime does not load.
 * @throws EngineError `INVALID_MODEL`. Thrown when ONNX Runtime refuses the graph.
 */
export async function createSession(model: EncodedModel, options: SessionOptions): Promise<Session> {
  const ort = await loadOrt();
  const session = await ort.InferenceSession.create(model.file, sessionOptions(model, options)).catch((cause) => {
    throw new EngineError(
      'INVALID_MODEL',
      `expected a graph that ONNX Runtime takes, got: ${textOf(cause)}`,
      {},
      { cause },
    );
  });
  return {
    inputs: session.inputMetadata.map(sessionValue),
    outputs: session.outputMetadata.map(sessionValue),
    async run(feeds, fetches) {
      const tensors = Object.fromEntries(
        [...feeds].map(([name, { dataType, data, shape }]) => [
          name,
          new ort.Tensor(dataType as 'float32', data as Float32Array, shape),
        ]),
      );
      try {
        const results = await session.run(tensors, [...fetches]);
        return new Map(Object.entries(results).map(([name, tensor]) => [name, runtimeTensor(tensor)]));
      } catch (cause) {
        throw new EngineError(
          'INTERNAL',
          `expected ONNX Runtime to run the graph, got: ${textOf(cause)}`,
          {},
          { cause },
        );
      }
    },
    release: () => session.release(),
  };
}

function sessionOptions(model: EncodedModel, options: SessionOptions): InferenceSession.SessionOptions {
  return {
    executionProviders: [providerOption(options)],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: options.optimization,
    logSeverityLevel: 3,
    enableCpuMemArena: options.keepsMemory ?? true,
    // From the second run on a pattern takes one block for all tensors beside what the first run took: a quarter more memory, nothing faster.
    enableMemPattern: false,
    externalData: [...model.externalTensors].map(([path, data]) => ({ path, data })),
    extra: {
      session: {
        intra_op: { allow_spinning: options.allowSpinning ? '1' : '0' },
        disable_prepacking: options.prepacking ? '0' : '1',
      },
    },
  };
}

function providerOption({ provider = 'cpu', cpuNodes = [] }: SessionOptions): string | WebGpuOption {
  // An empty list is an error.
  return provider === 'webgpu' && cpuNodes.length > 0 ? { name: provider, forceCpuNodeNames: cpuNodes } : provider;
}

function sessionValue(metadata: InferenceSession.ValueMetadata): SessionValue {
  if (!metadata.isTensor)
    throw new EngineError('INVALID_MODEL', `expected a tensor for ${metadata.name}, got another type`);
  return { name: metadata.name, dataType: metadata.type as DataType, shape: metadata.shape };
}

const runtimeTensor = (tensor: OrtTensor): RuntimeTensor => ({
  dataType: tensor.type as DataType,
  shape: tensor.dims,
  data: tensor.data as ElementArray,
});

const textOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
