import { isFloatingPoint } from '../onnx/data-types.js';
import type { NodeDef, StaticGraph } from '../onnx/graph.js';

/** What depends on an input of a graph. */
export interface Dependents {
  /** Names of all values that depend on it; itself one of them. */
  readonly dependent: ReadonlySet<string>;
  /**
   * Those of them that have a derivative by it: floating-point values, and quantised ones, which stand for such. If the input is
   * whole numbers, none.
   */
  readonly derivable: ReadonlySet<string>;
}

/**
 * Follows an input through a graph, other than through `stopped` values.
 *
 * @param graph nodes in topological order
 */
export function dependentsOf(
  { nodes, values }: Pick<StaticGraph, 'nodes' | 'values'>,
  input: string,
  stopped: ReadonlySet<string> = new Set(),
): Dependents {
  const dependent = new Set([input]);
  const inputType = values.get(input)?.dataType;
  const derivable = new Set(inputType !== undefined && isFloatingPoint(inputType) ? [input] : []);
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
