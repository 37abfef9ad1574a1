import type { ModelDef, NodeDef, TensorValue, Value } from '../../onnx/graph.js';
import { flattenControlFlow } from '../../onnx/import/flatten-control-flow.js';
import { freshNames } from '../../onnx/import/fresh-names.js';
import { pixelDependence } from '../../onnx/pixel-dependence.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { evaluate } from './evaluate.js';

/** Branches that stand in branches, one decided after the other, are no more than this many deep. */
const MAX_ROUNDS = 8;

/**
 * The model without the branches and loops that the shapes of its inputs decide, as exporters write them for a `squeeze` of
 * an axis that may have length 1. Nodes must be in topological order.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when ONNX Runtime does not run the model at these shapes.
 */
export async function decideControlFlow(
  model: ModelDef,
  inputs: readonly Value[],
  runtime: RuntimeOptions,
): Promise<ModelDef> {
  let decided = model;
  const known = new Map<string, TensorValue>();
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const { graph } = decided;
    const deciders = graph.nodes.flatMap(decidersOf);
    if (deciders.length === 0) return decided;
    const { dependent } = pixelDependence(graph);
    const isAsked = (name: string): boolean =>
      name !== '' && !dependent.has(name) && !graph.initializers.has(name) && !known.has(name);
    const asked = [...new Set(deciders.filter(isAsked))];
    if (asked.length === 0) return decided;
    for (const [name, tensor] of await evaluate(decided, inputs, asked, runtime)) known.set(name, tensor);
    decided = { ...decided, graph: flattenControlFlow(graph, freshNames(decided), known) };
  }
  return decided;
}

/** What decides which way a node goes: a condition, or a number of iterations and a condition. */
function decidersOf({ domain, opType, inputs }: NodeDef): readonly string[] {
  if (domain !== '') return [];
  if (opType === 'If') return inputs.slice(0, 1);
  return opType === 'Loop' ? inputs.slice(0, 2) : [];
}
