import type { GraphDef, NodeDef, TensorValue } from '../graph.js';
import { attributesOf, graphsOf, mapGraphs } from '../node.js';
import { int64Tensor, numbersOf } from '../tensor-value.js';
import type { FreshNames } from './fresh-names.js';
import { type Instance, identity, instantiateGraph } from './instantiate-graph.js';

/** Loops of more iterations stay loops. */
const MAX_ITERATIONS = 64;

/** Most nodes that loops may become. */
const MAX_NODES = 100_000;

type Constants = (name: string) => TensorValue | undefined;

/**
 * The graph without `If`s whose condition is a constant, and without `Loop`s that run a constant number of times: their
 * nodes stand in the graph itself. Others stay. Nodes must be in topological order.
 *
 * @param known what some values of the graph are known to hold, although nodes compute them
 */
export function flattenControlFlow(
  graph: GraphDef,
  names: FreshNames,
  known: ReadonlyMap<string, TensorValue> = new Map(),
): GraphDef {
  let nodeCount = 0;

  function flatten(
    source: Pick<GraphDef, 'inputs' | 'nodes' | 'initializers'>,
    outer: Constants,
    computed: ReadonlyMap<string, TensorValue> = new Map(),
  ): Instance {
    const initializers = new Map(source.initializers);
    const nodes: NodeDef[] = [];
    /** What outputs of `Identity` are copies of, at the end of a chain of them. */
    const aliases = new Map<string, string>();
    const own = new Set(source.inputs.map(({ name }) => name));
    const constants: Constants = (name) => {
      const original = aliases.get(name) ?? name;
      return computed.get(original) ?? initializers.get(original) ?? (own.has(original) ? undefined : outer(original));
    };
    function add(node: NodeDef): void {
      nodes.push(node);
      for (const output of node.outputs) own.add(output);
      const [input] = node.inputs;
      if (node.opType === 'Identity' && node.domain === '' && input) {
        aliases.set(node.outputs[0] ?? '', aliases.get(input) ?? input);
      }
    }
    for (const node of source.nodes) {
      const instance = instanceOf(node, constants);
      if (instance === undefined) {
        add(mapGraphs(node, (inner) => ({ ...inner, ...flatten(inner, constants) })));
        continue;
      }
      const flat = flatten({ inputs: [], ...instance }, constants);
      for (const inner of flat.nodes) add(inner);
      for (const [name, tensor] of flat.initializers) initializers.set(name, tensor);
    }
    return { nodes, initializers };
  }

  function instanceOf(node: NodeDef, constants: Constants): Instance | undefined {
    if (node.domain !== '') return undefined;
    if (node.opType === 'If') return branchOf(node, constants, names);
    if (node.opType !== 'Loop') return undefined;
    const loop = loopOf(node, constants);
    if (loop === undefined) return undefined;
    const added = loop.iterations * countNodes(loop.body);
    if (loop.iterations > MAX_ITERATIONS || nodeCount + added > MAX_NODES) return undefined;
    nodeCount += added;
    return unroll(node, loop, names);
  }

  return { ...graph, ...flatten(graph, () => undefined, known) };
}

const countNodes = (graph: GraphDef): number =>
  graph.nodes.reduce((sum, node) => sum + graphsOf(node).reduce((inner, body) => inner + countNodes(body), 1), 0);

function branchOf(node: NodeDef, constants: Constants, names: FreshNames): Instance | undefined {
  const condition = scalarOf(constants(node.inputs[0] ?? ''));
  const branch = node.attributes.get(condition ? 'then_branch' : 'else_branch');
  if (condition === undefined || branch?.type !== 'graph') return undefined;
  return instantiateGraph(branch.value, [], node.outputs, names);
}

interface ConstantLoop {
  readonly body: GraphDef;
  readonly iterations: number;
  /** Number of values that one iteration hands to the next. */
  readonly carried: number;
}

/** What a `Loop` does if it is known to run a constant number of times. */
function loopOf(node: NodeDef, constants: Constants): ConstantLoop | undefined {
  const attribute = node.attributes.get('body');
  if (attribute?.type !== 'graph') return undefined;
  const body = attribute.value;
  const [count = '', condition = ''] = node.inputs;
  const carried = node.inputs.length - 2;
  const most = scalarOf(constants(count));
  const begins = condition === '' ? 1 : scalarOf(constants(condition));
  const fits = body.inputs.length === 2 + carried && body.outputs.length > carried;
  if (carried < 0 || !fits || most === undefined || begins === undefined || !goesOn(body, constants)) return undefined;
  const iterations = begins === 0 ? 0 : Math.max(0, most);
  // What is collected over no iterations has no shape that is known here.
  return iterations === 0 && body.outputs.length > 1 + carried ? undefined : { body, iterations, carried };
}

/** Whether the condition that an iteration ends with is always true. */
function goesOn(body: GraphDef, constants: Constants): boolean {
  const makers = new Map(body.nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  let name = body.outputs[0]?.name ?? '';
  for (let maker = makers.get(name); maker?.opType === 'Identity'; maker = makers.get(name)) {
    name = maker.inputs[0] ?? '';
    makers.delete(maker.outputs[0] ?? ''); // so that a cycle ends
  }
  if (name === body.inputs[1]?.name) return true;
  if (makers.has(name) || body.inputs.some((input) => input.name === name)) return false;
  return scalarOf(body.initializers.get(name) ?? constants(name)) === 1;
}

/** The only number of a tensor of one element. */
function scalarOf(tensor: TensorValue | undefined): number | undefined {
  if (tensor === undefined || tensor.dataType === 'string') return undefined;
  if (tensor.shape.some((length) => length !== 1)) return undefined;
  return numbersOf(tensor)[0];
}

/** The iterations of a loop one after another, each reading what the one before gave. */
function unroll(node: NodeDef, { body, iterations, carried }: ConstantLoop, names: FreshNames): Instance {
  const nodes: NodeDef[] = [];
  const initializers = new Map<string, TensorValue>();
  const base = node.outputs.find((name) => name !== '') ?? node.name;
  function constant(what: string, tensor: TensorValue): string {
    const name = names(base, what);
    initializers.set(name, tensor);
    return name;
  }

  const goOn = constant('condition', { dataType: 'bool', shape: [], bytes: Uint8Array.of(1) });
  let values: readonly string[] = node.inputs.slice(2);
  const collected: string[][] = body.outputs.slice(1 + carried).map(() => []);
  for (let i = 0; i < iterations; i++) {
    const next = values.map((_, k) => names(base, `carried-${k}`));
    const parts = collected.map((list) => {
      const name = names(base, 'collected');
      list.push(name);
      return name;
    });
    const number = constant('iteration', int64Tensor([i], []));
    const instance = instantiateGraph(body, [number, goOn, ...values], ['', ...next, ...parts], names);
    for (const inner of instance.nodes) nodes.push(inner);
    for (const [name, tensor] of instance.initializers) initializers.set(name, tensor);
    values = next;
  }
  for (const [k, value] of values.entries()) {
    const output = node.outputs[k];
    if (output) nodes.push(identity(value, output));
  }
  const firstAxis = constant('axes', int64Tensor([0]));
  for (const [k, parts] of collected.entries()) {
    const output = node.outputs[carried + k];
    if (output) nodes.push(...stack(parts, output, firstAxis, names));
  }
  return { nodes, initializers };
}

/** Joins tensors along a new first axis. */
function stack(parts: readonly string[], output: string, firstAxis: string, names: FreshNames): readonly NodeDef[] {
  const rows = parts.map((part) => names(part, 'row'));
  const node = (opType: string, inputs: readonly string[], result: string, attributes = {}): NodeDef => ({
    opType,
    domain: '',
    name: '',
    inputs,
    outputs: [result],
    attributes: attributesOf(attributes),
  });
  return [
    ...parts.map((part, i) => node('Unsqueeze', [part, firstAxis], rows[i] as string)),
    node('Concat', rows, output, { axis: 0 }),
  ];
}
