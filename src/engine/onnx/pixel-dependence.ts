import type { GraphDef, NodeDef } from './graph.js';
import { readsOf } from './reads.js';

/** Operators that read the shape of their input, never its elements. */
const READS_SHAPE_ONLY = new Set(['Shape', 'Size']);

/** Operators whose output has a shape that depends on the elements of their input: no program has room for that. */
const DATA_DEPENDENT_SHAPE = new Set(['Compress', 'NonMaxSuppression', 'NonZero', 'Unique']);

/** Operators that draw at random, so that their outputs are no constants. */
const RANDOM = new Set([
  'Bernoulli',
  'Multinomial',
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
]);

/** What a graph's values depend on, once the shapes of its inputs are fixed. */
export interface PixelDependence {
  /** Values that depend on elements of the inputs, or on chance. All others are constants. */
  readonly dependent: ReadonlySet<string>;
  /** Values whose shape depends on elements of the inputs, by the node that makes it so. */
  readonly unshaped: ReadonlyMap<string, NodeDef>;
}

/** Follows the inputs through a graph whose nodes are in topological order. */
export function pixelDependence(graph: Pick<GraphDef, 'inputs' | 'nodes'>): PixelDependence {
  const dependent = new Set(graph.inputs.map(({ name }) => name));
  const unshaped = new Map<string, NodeDef>();
  for (const node of graph.nodes) {
    const isOwn = node.domain === '';
    if (isOwn && READS_SHAPE_ONLY.has(node.opType) && !unshaped.has(node.inputs[0] ?? '')) continue;
    const reads = readsOf(node);
    if (!reads.some((name) => dependent.has(name)) && !(isOwn && RANDOM.has(node.opType))) continue;
    const cause =
      isOwn && DATA_DEPENDENT_SHAPE.has(node.opType)
        ? node
        : reads.map((name) => unshaped.get(name)).find((maker) => maker !== undefined);
    for (const output of node.outputs) {
      if (output === '') continue;
      dependent.add(output);
      if (cause !== undefined) unshaped.set(output, cause);
    }
  }
  return { dependent, unshaped };
}

/** The nodes that `outputs` need, in their order. */
export function nodesFor(nodes: readonly NodeDef[], outputs: readonly string[]): readonly NodeDef[] {
  const needed = new Set(outputs);
  const kept = nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => needed.has(name))) return false;
    for (const name of readsOf(node)) needed.add(name);
    return true;
  });
  return kept.toReversed();
}
