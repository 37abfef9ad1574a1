import { EngineError } from '../errors.js';
import { type Graph, Model as ModelCodec, type Node, type Tensor } from './schema/onnx.js';

/**
 * The files that a model file keeps tensors in, as it names them. Not yet checked: they may point anywhere.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the bytes are no ONNX model.
 */
export function externalLocations(file: Uint8Array): readonly string[] {
  try {
    const { graph, functions } = ModelCodec.decode(file);
    const tensors = [
      ...(graph === undefined ? [] : tensorsOf(graph)),
      ...functions.flatMap(({ node }) => tensorsOfNodes(node)),
    ];
    const locations = tensors
      .filter(({ dataLocation }) => dataLocation === 1)
      .flatMap(({ externalData }) => externalData.filter(({ key }) => key === 'location').map(({ value }) => value));
    return [...new Set(locations)];
  } catch (cause) {
    throw new EngineError('INVALID_MODEL', `expected an ONNX model, got bytes that are none: ${cause}`, {}, { cause });
  }
}

const tensorsOf = ({ initializer, node }: Graph): Tensor[] => [...initializer, ...tensorsOfNodes(node)];

const tensorsOfNodes = (nodes: readonly Node[]): Tensor[] =>
  nodes.flatMap(({ attribute }) =>
    attribute.flatMap(({ t, tensors, g, graphs }) => [
      ...(t === undefined ? [] : [t]),
      ...tensors,
      ...[...(g === undefined ? [] : [g]), ...graphs].flatMap(tensorsOf),
    ]),
  );
