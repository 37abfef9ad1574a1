import { DATA_TYPES, type DataType, dataTypeOf } from '../data-types.js';
import type { Attribute, GraphDef, NodeDef, TensorValue, ValueInfo } from '../graph.js';
import { mapGraphs } from '../node.js';
import { float32Of, float32Tensor, numbersOf } from '../tensor-value.js';

/** Attributes that hold the number of an element type. */
const TYPE_ATTRIBUTES = new Set(['to', 'dtype', 'stash_type', 'output_dtype', 'output_datatype']);

const OTHER_FLOATS: ReadonlySet<DataType | undefined> = new Set<DataType>(['float16', 'bfloat16', 'float64']);

/** The largest finite float32. */
const LARGEST = 3.4028234663852886e38;

/**
 * The graph computing in float32 what it computed in float16, bfloat16 or float64: most kernels exist for nothing else, and
 * gradients vanish in 16 bits. Values of 16 bits are exact in float32; of 64 bits, those too large for it become its
 * largest.
 */
export function toFloat32(graph: GraphDef): GraphDef {
  return {
    ...graph,
    inputs: graph.inputs.map(declared),
    outputs: graph.outputs.map(declared),
    nodes: graph.nodes.map(retype),
    initializers: new Map([...graph.initializers].map(([name, tensor]) => [name, widened(tensor)])),
  };
}

const declared = (value: ValueInfo): ValueInfo =>
  OTHER_FLOATS.has(value.dataType) ? { ...value, dataType: 'float32' } : value;

function widened(tensor: TensorValue): TensorValue {
  if (!OTHER_FLOATS.has(tensor.dataType)) return tensor;
  if (tensor.dataType !== 'float64') return float32Tensor(float32Of(tensor), tensor.shape);
  return float32Tensor(Float32Array.from(numbersOf(tensor), clamped), tensor.shape);
}

/** Masks use the lowest number of their type; as −∞ it would give NaN where a softmax meets nothing else. */
const clamped = (value: number): number =>
  Number.isFinite(value) ? Math.min(Math.max(value, -LARGEST), LARGEST) : value;

function retype(node: NodeDef): NodeDef {
  const inner = mapGraphs(node, toFloat32);
  const changed = [...inner.attributes].flatMap(([name, attribute]): [string, Attribute][] => {
    const other = retypedAttribute(name, attribute);
    return other === attribute ? [] : [[name, other]];
  });
  return changed.length === 0 ? inner : { ...inner, attributes: new Map([...inner.attributes, ...changed]) };
}

function retypedAttribute(name: string, attribute: Attribute): Attribute {
  if (attribute.type === 'tensor') {
    const value = widened(attribute.value);
    return value === attribute.value ? attribute : { type: 'tensor', value };
  }
  const isOther =
    attribute.type === 'int' && TYPE_ATTRIBUTES.has(name) && OTHER_FLOATS.has(dataTypeOf(attribute.value));
  return isOther ? { type: 'int', value: DATA_TYPES.float32 } : attribute;
}
