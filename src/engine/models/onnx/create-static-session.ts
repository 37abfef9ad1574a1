import { encodeStaticGraph } from '../../onnx/encode-model.js';
import { expandSoftmax } from '../../onnx/expand-softmax.js';
import type { StaticGraph } from '../../onnx/graph.js';
import { squeezeEinsum } from '../../onnx/squeeze-einsum.js';
import type { ProviderName } from '../providers.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { createSession, type Session } from './session.js';
import { isWebGpuGap, type KnownTensors } from './webgpu-gaps.js';

/**
 * A session that runs a static graph right, and fast: without what ONNX Runtime gets wrong of `Einsum`, on the CPU with softmax over classes in its parts, on WebGPU with the nodes that it would get wrong left to the CPU.
 *
 * @param keepsMemory as of {@link createSession}
 * @throws EngineError `INVALID_MODEL`. Thrown when ONNX Runtime refuses the graph.
 */
export async function createStaticSession(
  given: StaticGraph,
  runtime: RuntimeOptions,
  provider: ProviderName,
  keepsMemory = true,
): Promise<Session> {
  const options = { ...runtime, optimization: 'all', prepacking: true, provider, keepsMemory } as const;
  const graph = squeezeEinsum(given);
  if (provider === 'cpu') return await createSession(encodeStaticGraph(expandSoftmax(graph)), options);
  if (provider !== 'webgpu') return await createSession(encodeStaticGraph(graph), options);
  const cpuNodes: string[] = [];
  const known: KnownTensors = {
    shapeOf: (name) => graph.values.get(name)?.shape,
    constantOf: (name) => graph.constants.get(name),
  };
  const nodes = graph.nodes.map((node) => {
    if (!isWebGpuGap(node, known)) return node;
    // Names of exporters may be missing, or be there twice.
    const name = `robustgate::cpu/${cpuNodes.length}`;
    cpuNodes.push(name);
    return { ...node, name };
  });
  return await createSession(encodeStaticGraph({ ...graph, nodes }), { ...options, cpuNodes });
}
