/** A node of a graph as `model.json` has it. */
interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly input?: readonly string[];
  readonly attr?: Readonly<Record<string, Attribute>>;
}

interface Attribute {
  readonly list?: { readonly s?: readonly string[] };
}

/** What the parts of a fused node are called on their own, and how many inputs the first takes. */
const PARTS: Readonly<Record<string, string>> = {
  _FusedConv2D: 'Conv2D',
  FusedDepthwiseConv2dNative: 'DepthwiseConv2dNative',
  _FusedMatMul: 'MatMul',
};

/** `BiasAdd` in base 64, as JSON holds bytes. */
const BIAS_ADD = Buffer.from('BiasAdd').toString('base64');

/**
 * The topology of a graph with products and their biases as two nodes. For a fused one without an activation TF.js computes the
 * gradients of the weights too, which nobody asked for and some backends have no kernel for, and it refuses dilations. Those
 * with an activation it takes apart itself where a gradient is taken.
 */
export function unfuseGraph(topology: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const nodes = (topology['node'] ?? []) as readonly GraphNode[];
  return { ...topology, node: nodes.flatMap(unfused) };
}

function unfused(node: GraphNode): readonly GraphNode[] {
  const { name, op, input = [], attr = {} } = node;
  const part = PARTS[op];
  const fusedOps = attr['fused_ops']?.list?.s ?? [];
  if (part === undefined || fusedOps.length !== 1 || fusedOps[0] !== BIAS_ADD) return [node];
  const [x = '', weights = '', bias = '', ...controls] = input;
  const { fused_ops, num_args, epsilon, ...rest } = attr;
  const product = `${name}/robustgate_product`;
  return [
    { name: product, op: part, input: [x, weights, ...controls], attr: rest },
    { name, op: 'BiasAdd', input: [product, bias], attr: pick(rest, ['T', 'data_format']) },
  ];
}

const pick = (attributes: Readonly<Record<string, Attribute>>, names: readonly string[]) =>
  Object.fromEntries(Object.entries(attributes).filter(([name]) => names.includes(name)));
