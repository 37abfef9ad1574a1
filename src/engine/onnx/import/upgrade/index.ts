import type { Attribute, GraphDef, ModelDef, NodeDef, TensorValue } from '../../graph.js';
import { clip, integersToInput, pad, slice, split, topK } from './attribute-to-input.js';
import { batchNormalization, dropout, scatter } from './inference.js';
import type { PassContext, UpgradePass } from './pass.js';
import { resize, upsample } from './resize.js';
import { softmax } from './softmax.js';

/** The operator set that rules are written for. */
export const TARGET_OPSET = 18;

const reduction = integersToInput(18, 'axes', 1);

/**
 * How the operators that changed between opset 7 and 18 are rewritten. Those that only took more types, or more optional
 * inputs and attributes, stay as they are.
 *
 * Spec: https://github.com/onnx/onnx/blob/main/docs/Changelog.md
 */
const passes: Readonly<Record<string, UpgradePass>> = {
  BatchNormalization: batchNormalization,
  Clip: clip,
  Dropout: dropout,
  Hardmax: softmax,
  LogSoftmax: softmax,
  Pad: pad,
  ReduceL1: reduction,
  ReduceL2: reduction,
  ReduceLogSum: reduction,
  ReduceLogSumExp: reduction,
  ReduceMax: reduction,
  ReduceMean: reduction,
  ReduceMin: reduction,
  ReduceProd: reduction,
  ReduceSum: integersToInput(13, 'axes', 1),
  ReduceSumSquare: reduction,
  Resize: resize,
  Scatter: scatter,
  Slice: slice,
  Softmax: softmax,
  Split: split,
  Squeeze: integersToInput(13, 'axes', 1),
  TopK: topK,
  Unsqueeze: integersToInput(13, 'axes', 1),
  Upsample: upsample,
};

/** The model in opset 18, or in its own newer one. */
export function upgradeOpset(model: ModelDef): ModelDef {
  const opset = model.opsets.get('') ?? TARGET_OPSET;
  if (opset >= TARGET_OPSET) return model;
  const names = namesOf(model.graph);
  return {
    ...model,
    irVersion: Math.max(model.irVersion, 8),
    opsets: new Map(model.opsets).set('', TARGET_OPSET),
    graph: upgradeGraph(model.graph, opset, names),
  };
}

/** Every name of a graph and of those inside it, so that new ones are new everywhere. */
function namesOf(graph: GraphDef): Set<string> {
  const inner = graph.nodes.flatMap((node) =>
    [...node.attributes.values()].flatMap((attribute) =>
      attribute.type === 'graph' ? [...namesOf(attribute.value)] : [],
    ),
  );
  return new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
    ...inner,
  ]);
}

function upgradeGraph(graph: GraphDef, opset: number, names: Set<string>): GraphDef {
  const initializers = new Map<string, TensorValue>(graph.initializers);
  const context: PassContext = {
    freshName() {
      let number = names.size;
      while (names.has(`upgraded/${number}`)) number++;
      names.add(`upgraded/${number}`);
      return `upgraded/${number}`;
    },
    constant(tensor) {
      const name = context.freshName();
      initializers.set(name, tensor);
      return name;
    },
  };
  const nodes = graph.nodes.flatMap((node): readonly NodeDef[] => {
    const inner = {
      ...node,
      attributes: new Map([...node.attributes].map((entry) => upgradeInner(entry, opset, names))),
    };
    const pass = node.domain === '' && Object.hasOwn(passes, node.opType) ? passes[node.opType] : undefined;
    return pass !== undefined && opset < pass.until ? pass.upgrade(inner, context) : [inner];
  });
  return { ...graph, nodes, initializers };
}

const upgradeInner = (
  [name, attribute]: [string, Attribute],
  opset: number,
  names: Set<string>,
): [string, Attribute] => [
  name,
  attribute.type === 'graph' ? { type: 'graph', value: upgradeGraph(attribute.value, opset, names) } : attribute,
];
