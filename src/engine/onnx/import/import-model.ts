import { EngineError } from '../../errors.js';
import type { GraphDef, ModelDef, NodeDef, TensorValue } from '../graph.js';
import { toInt64 } from '../tensor-value.js';
import { inlineFunctions } from './inline-functions.js';
import { sortNodes } from './sort-nodes.js';
import { upgradeOpset } from './upgrade/index.js';

/** Oldest operator set that is read. Before 7, operators broadcast by rules of their own. */
const OLDEST_OPSET = 7;

/** Operator sets of a model, and the domains whose operators ONNX Runtime adds. */
const OWN_DOMAINS = new Set(['', 'ai.onnx.ml', 'com.microsoft', 'ai.onnx.training', 'ai.onnx.preview.training']);

/**
 * A model in the one form that the engine works on: opset 18 or the file's own newer one, every constant an initializer,
 * no functions, nodes in topological order.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the graph makes no sense: cycles, names that are used before or defined
 *   twice, an operator set that is missing or too old.
 */
export function importModel(model: ModelDef): ModelDef {
  const opset = model.opsets.get('');
  if (opset === undefined || opset < OLDEST_OPSET) {
    throw new EngineError('INVALID_MODEL', `expected an opset of ${OLDEST_OPSET} or later, got ${opset ?? 'none'}`);
  }
  const inlined = inlineFunctions(model);
  const plain = { ...inlined, graph: sortNodes(liftConstants(dropInitializedInputs(inlined.graph))) };
  const upgraded = upgradeOpset(plain);
  return { ...upgraded, opsets: new Map([...upgraded.opsets].filter(([domain]) => OWN_DOMAINS.has(domain))) };
}

/** Initializers that are also inputs are defaults, which we always take: as constants they can be folded. */
function dropInitializedInputs(graph: GraphDef): GraphDef {
  return { ...graph, inputs: graph.inputs.filter(({ name }) => !graph.initializers.has(name)) };
}

/** Turns `Constant` nodes into initializers. */
function liftConstants(graph: GraphDef): GraphDef {
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.filter((node) => {
    const tensor = node.domain === '' && node.opType === 'Constant' ? constantOf(node) : undefined;
    if (tensor !== undefined) initializers.set(node.outputs[0] ?? '', tensor);
    return tensor === undefined;
  });
  return { ...graph, nodes, initializers };
}

function constantOf({ attributes }: NodeDef): TensorValue | undefined {
  const [attribute] = attributes.values();
  switch (attribute?.type) {
    case 'tensor':
      return attribute.value;
    case 'float':
      return { dataType: 'float32', shape: [], bytes: new Uint8Array(Float32Array.of(attribute.value).buffer) };
    case 'floats':
      return {
        dataType: 'float32',
        shape: [attribute.value.length],
        bytes: new Uint8Array(Float32Array.from(attribute.value).buffer),
      };
    case 'int':
      return { dataType: 'int64', shape: [], bytes: new Uint8Array(BigInt64Array.of(toInt64(attribute.value)).buffer) };
    case 'ints':
      return {
        dataType: 'int64',
        shape: [attribute.value.length],
        bytes: new Uint8Array(BigInt64Array.from(attribute.value, toInt64).buffer),
      };
    default:
      return undefined; // text and sparse tensors stay nodes
  }
}
