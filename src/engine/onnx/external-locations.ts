import { parseModel } from './decode-model.js';
import { type ExternalLocation, externalLocationOf } from './decode-tensor.js';
import type { Attribute, Graph, Node, Tensor } from './schema/onnx.js';

/**
 * Every place outside of a model file that it keeps a tensor in.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the bytes are no ONNX model, or a tensor does not say where it is.
 */
export function externalLocations(file: Uint8Array): readonly ExternalLocation[] {
  const { graph, functions } = parseModel(file);
  const tensors = [
    ...(graph === undefined ? [] : tensorsOfGraph(graph)),
    ...functions.flatMap(({ node, attributeProto }) => [
      ...node.flatMap(tensorsOfNode),
      ...attributeProto.flatMap(tensorsOfAttribute),
    ]),
  ];
  return tensors.filter(({ dataLocation }) => dataLocation === 1).map(externalLocationOf);
}

const tensorsOfGraph = ({ initializer, sparseInitializer, node }: Graph): Tensor[] => [
  ...initializer,
  ...sparseInitializer.flatMap(({ values, indices }) => [values, indices].filter((tensor) => tensor !== undefined)),
  ...node.flatMap(tensorsOfNode),
];

const tensorsOfNode = ({ attribute }: Node): Tensor[] => attribute.flatMap(tensorsOfAttribute);

const tensorsOfAttribute = ({ t, g, sparseTensor }: Attribute): Tensor[] => [
  ...[t, sparseTensor?.values, sparseTensor?.indices].filter((tensor) => tensor !== undefined),
  ...(g === undefined ? [] : tensorsOfGraph(g)),
];
