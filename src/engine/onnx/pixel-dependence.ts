import type { GraphDef, NodeDef } from './graph.js';
import { graphsOf } from './node.js';
import { readsOf } from './reads.js';

/** Operators that read the shape of their input, never its elements. */
const READS_SHAPE_ONLY = new Set(['Shape', 'Size']);

/** Operators whose output has a shape that depends on the elements of their input: no program has room for that. */
const DATA_DEPENDENT_SHAPE = new Set(['Compress', 'NonMaxSuppression', 'NonZero', 'Unique']);

/** Operators whose output has a shape that the elements of some of their inputs decide: indices of those inputs. */
const SHAPE_INPUTS: ReadonlyMap<string, readonly number[]> = new Map([
  ['AffineGrid', [1]],
  ['CenterCropPad', [1]],
  ['ConstantOfShape', [0]],
  ['Expand', [1]],
  ['MaxUnpool', [2]],
  ['OneHot', [1]],
  ['Pad', [1, 3]],
  ['Range', [0, 1, 2]],
  ['Reshape', [1]],
  ['Resize', [1, 2, 3]],
  ['Slice', [1, 2, 3, 4]],
  ['Split', [1]],
  ['Squeeze', [1]],
  ['Tile', [1]],
  ['TopK', [1]],
  ['Unsqueeze', [1]],
  ['Upsample', [1]],
]);

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
    const readsShapeOnly = node.domain === '' && READS_SHAPE_ONLY.has(node.opType);
    if (readsShapeOnly && !unshaped.has(node.inputs[0] ?? '')) continue;
    const reads = readsOf(node);
    if (!reads.some((name) => dependent.has(name)) && !contains(node, RANDOM)) continue;
    const shapeInputs = node.domain === '' ? (SHAPE_INPUTS.get(node.opType) ?? []) : [];
    const decidesShape =
      contains(node, DATA_DEPENDENT_SHAPE) || shapeInputs.some((index) => dependent.has(node.inputs[index] ?? ''));
    const cause = reads.map((name) => unshaped.get(name)).find((maker) => maker !== undefined);
    for (const output of node.outputs) {
      if (output === '') continue;
      dependent.add(output);
      if (decidesShape || cause !== undefined) unshaped.set(output, cause ?? node);
    }
  }
  return { dependent, unshaped };
}

/** Whether a node is one of these operators, or has one in its branches or its body. */
function contains(node: NodeDef, opTypes: ReadonlySet<string>): boolean {
  if (node.domain === '' && opTypes.has(node.opType)) return true;
  return graphsOf(node).some((graph) => graph.nodes.some((inner) => contains(inner, opTypes)));
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
