import type { NodeDef } from '../onnx/graph.js';
import type { Cut } from './differentiate.js';
import { hasRule } from './rules/index.js';
import { zeroGradientReason } from './zero-gradient.js';

/** What stands between an input and an output of a graph. */
export interface GradientPath {
  /** Whether a path leads from the output back to the input on which nothing has derivative 0. */
  readonly reachesInput: boolean;
  /** Nodes on such paths without a rule. */
  readonly missing: readonly NodeDef[];
  /** Nodes at which paths end. */
  readonly cuts: readonly Cut[];
}

/**
 * Follows the derivative of `output` back to `input` without building it.
 *
 * @param nodes in topological order
 * @param dependent values that depend on the input
 */
export function gradientPath(
  nodes: readonly NodeDef[],
  dependent: ReadonlySet<string>,
  input: string,
  output: string,
): GradientPath {
  const wanted = new Set([output]);
  const missing: NodeDef[] = [];
  const cuts: Cut[] = [];
  for (const node of nodes.toReversed()) {
    if (!node.outputs.some((name) => wanted.has(name) && dependent.has(name))) continue;
    const reason = zeroGradientReason(node);
    if (reason !== undefined) {
      cuts.push({ opType: node.opType, node: node.name, reason });
      continue;
    }
    if (!hasRule(node)) missing.push(node);
    for (const name of node.inputs) if (dependent.has(name)) wanted.add(name);
  }
  return { reachesInput: wanted.has(input), missing, cuts };
}
