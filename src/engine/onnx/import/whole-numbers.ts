import { sizeOf } from '../../tensor/shape.js';
import { type DataType, isFloatingPoint } from '../data-types.js';
import type { GraphDef, NodeDef, ValueInfo } from '../graph.js';
import { readsOf } from '../reads.js';
import type { FreshNames } from './fresh-names.js';
import { rewriteNodes } from './rewrite-nodes.js';

/** Operators that move the elements of their first input, of whatever type, and give no others. */
const MOVES = new Set([
  'DepthToSpace',
  'Expand',
  'Flatten',
  'Gather',
  'GatherElements',
  'GatherND',
  'Identity',
  'Reshape',
  'Slice',
  'SpaceToDepth',
  'Split',
  'Squeeze',
  'Tile',
  'Transpose',
  'Unsqueeze',
]);

/** Operators whose output has a type that does not depend on that of their first input. */
const FORGETS = new Set(['Cast', 'Shape', 'Size']);

/** Who reads values of whole numbers, and whether they would take float32 as well. */
export interface WholeNumberReaders {
  /**
   * Whether a value is only moved and cast, as far as it can be followed.
   *
   * @param isDequantised whether `DequantizeLinear` may read it too, which then needs another form
   */
  canBeFloat(name: string, isDequantised: boolean): boolean;
}

export function wholeNumberReaders(graph: GraphDef): WholeNumberReaders {
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const readers = new Map<string, NodeDef[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(readsOf(node))) {
      const others = readers.get(name);
      if (others === undefined) readers.set(name, [node]);
      else others.push(node);
    }
  }
  return {
    canBeFloat(name, isDequantised) {
      const followed = new Set([name]);
      for (const value of followed) {
        if (outputs.has(value)) return false;
        for (const node of readers.get(value) ?? []) {
          if (node.domain !== '' || node.inputs[0] !== value || node.inputs.indexOf(value, 1) >= 0) return false;
          if (FORGETS.has(node.opType)) continue;
          if (isDequantised && node.opType === 'DequantizeLinear' && hasOneScale(graph, node)) continue;
          if (!MOVES.has(node.opType)) return false;
          for (const output of node.outputs) if (output !== '') followed.add(output); // which the loop goes on to
        }
      }
      return true;
    },
  };
}

function hasOneScale({ initializers }: GraphDef, { inputs: [, scale = '', zeroPoint] }: NodeDef): boolean {
  const tensor = initializers.get(scale);
  return tensor !== undefined && sizeOf(tensor.shape) === 1 && (!zeroPoint || initializers.has(zeroPoint));
}

/**
 * The graph with inputs of whole numbers as float32, where they are only moved, cast and dequantised: an input of levels
 * 0–255 has a gradient only so. A level between two whole numbers is then no longer rounded.
 */
export function floatInputs(graph: GraphDef, names: FreshNames): GraphDef {
  const { canBeFloat } = wholeNumberReaders(graph);
  const isWhole = ({ dataType }: ValueInfo): boolean =>
    dataType !== undefined && dataType !== 'bool' && dataType !== 'string' && !isFloatingPoint(dataType);
  const changed = new Set(
    graph.inputs.filter((input) => isWhole(input) && canBeFloat(input.name, true)).map(({ name }) => name),
  );
  if (changed.size === 0) return graph;
  const inputs = graph.inputs.map(
    (input): ValueInfo => (changed.has(input.name) ? { ...input, dataType: 'float32' satisfies DataType } : input),
  );
  const floats = floatValues(graph, changed);
  return rewriteNodes(
    { ...graph, inputs },
    {
      names,
      find: (node) =>
        node.domain === '' && node.opType === 'DequantizeLinear' && floats.has(node.inputs[0] ?? '')
          ? ({ inputs: [x, scale, zeroPoint], outputs }, writer) => {
              const shifted = zeroPoint ? writer.op('Sub', [x, writer.op('Cast', [zeroPoint], { to: 1 })]) : x;
              writer.op('Mul', [shifted, scale], {}, outputs);
            }
          : undefined,
    },
  );
}

/** What holds elements of `inputs` after some moves. */
function floatValues(graph: GraphDef, inputs: ReadonlySet<string>): ReadonlySet<string> {
  const floats = new Set(inputs);
  for (const node of graph.nodes) {
    if (node.domain !== '' || !MOVES.has(node.opType) || !floats.has(node.inputs[0] ?? '')) continue;
    for (const output of node.outputs) if (output !== '') floats.add(output);
  }
  return floats;
}
