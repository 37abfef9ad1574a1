import { isFloatingPoint } from '../onnx/data-types.js';
import type { NodeDef, StaticGraph } from '../onnx/graph.js';

/** What depends on inputs of a graph. */
export interface Dependents {
  /** Names of all values that depend on them; they themselves among these. */
  readonly dependent: ReadonlySet<string>;
  /**
   * Those that have a derivative by them: floating-point values, and quantised ones, which stand for such. None by an input of
   * whole numbers.
   */
  readonly derivable: ReadonlySet<string>;
}

/**
 * Follows inputs through a graph, other than through `stopped` values.
 *
 * @param graph nodes in topological order
 */
export function dependentsOf(
  { nodes, values }: Pick<StaticGraph, 'nodes' | 'values'>,
  inputs: readonly string[],
  stopped: ReadonlySet<string> = new Set(),
): Dependents {
  const dependent = new Set(inputs);
  const derivable = new Set(
    inputs.filter((input) => {
      const type = values.get(input)?.dataType;
      return type !== undefined && isFloatingPoint(type);
    }),
  );
  for (const node of nodes) {
    if (!node.inputs.some((name) => dependent.has(name))) continue;
    const sources = node.inputs.filter((name) => derivable.has(name));
    const types = new Set(sources.map((name) => values.get(name)?.dataType));
    for (const output of node.outputs) {
      if (output === '' || stopped.has(output)) continue;
      dependent.add(output);
      const type = values.get(output)?.dataType;
      if (type === undefined || sources.length === 0) continue;
      // Operators that only move elements keep their type, and with it what quantised elements stand for.
      if (isFloatingPoint(type) || types.has(type) || isQuantisation(node)) derivable.add(output);
    }
  }
  return { dependent, derivable };
}

const isQuantisation = ({ opType, domain }: NodeDef): boolean => domain === '' && opType === 'QuantizeLinear';
