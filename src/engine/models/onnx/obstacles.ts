import { gradientPath } from '../../autodiff/gradient-path.js';
import { hasRule } from '../../autodiff/rules/index.js';
import { zeroGradientReason } from '../../autodiff/zero-gradient.js';
import type { NodeDef } from '../../onnx/graph.js';
import { nodesFor, type PixelDependence } from '../../onnx/pixel-dependence.js';
import type { OperatorInfo } from '../model-info.js';

/** Why there is no gradient from an output to the input; empty where there is one. */
export function obstaclesOf(
  nodes: readonly NodeDef[],
  { dependent, unshaped }: PixelDependence,
  input: string,
  output: string,
): readonly string[] {
  const cause = unshaped.get(output);
  if (cause !== undefined) {
    const name = operatorName(cause);
    return [
      `${name} (node ${cause.name}) gives ${output} a shape that depends on pixel values: name a tensor before it`,
    ];
  }
  const path = gradientPath(nodesFor(nodes, [output]), dependent, input, output);
  const missing = path.missing.map((node) => `${operatorName(node)} (node ${node.name}) has no gradient rule`);
  if (missing.length > 0) return [...new Set(missing)];
  if (path.reachesInput) return [];
  return path.cuts.length > 0
    ? path.cuts.map(({ opType, node, reason }) => `${opType} (node ${node}) cuts the path: ${reason}`)
    : [`${output} does not depend on ${input}`];
}

const operatorName = ({ domain, opType }: NodeDef): string => (domain === '' ? opType : `${domain}.${opType}`);

/** The operators of a graph with what is known of their derivative, by name. */
export function operatorsOf(nodes: readonly NodeDef[]): readonly OperatorInfo[] {
  const byType = new Map<string, NodeDef[]>();
  for (const node of nodes) byType.set(operatorName(node), [...(byType.get(operatorName(node)) ?? []), node]);
  return [...byType]
    .map(([type, [first, ...rest]]): OperatorInfo => {
      const node = first as NodeDef;
      const gradient = hasRule(node) ? 'rule' : zeroGradientReason(node) === undefined ? 'missing' : 'zero';
      return { type, count: 1 + rest.length, gradient };
    })
    .toSorted((a, b) => (a.type < b.type ? -1 : 1));
}

/**
 * The tensors nearest to an output whose gradient reaches the input, where that of the output does not: what a task can name
 * instead of it.
 *
 * @param nodes in topological order
 */
export function tensorsBeforeCuts(
  nodes: readonly NodeDef[],
  dependence: PixelDependence,
  input: string,
  output: string,
): readonly string[] {
  const isOpen = (name: string): boolean => obstaclesOf(nodes, dependence, input, name).length === 0;
  if (isOpen(output)) return [output];
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const found: string[] = [];
  const seen = new Set([output]);
  // Breadth first: a set keeps the order in which names are added, and grows while it is walked.
  for (const name of seen) {
    for (const read of makers.get(name)?.inputs ?? []) {
      if (seen.has(read) || !dependence.dependent.has(read) || read === input) continue;
      if (isOpen(read)) found.push(read);
      else seen.add(read);
    }
  }
  return [...new Set(found)];
}
