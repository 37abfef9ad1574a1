import { EngineError, type NodeDef, type Shape } from '../../../engine/index.js';

export interface Weight {
  readonly name: string;
  readonly shape: Shape;
  readonly values: Float32Array;
}

/** A tensor of the ONNX graph: the layer that gives it, and its shape without the batch axis, channels last. */
export interface Feature {
  readonly layer: string;
  readonly shape: Shape;
}

/** What a node of the graph is turned into, layer by layer. */
export interface Draft {
  readonly node: NodeDef;
  /** The value of a constant input, as many as there are numbers. */
  constant(index: number): { readonly values: readonly number[]; readonly shape: Shape };
  readonly inputs: readonly Feature[];
  /** The operator that gives the first input, where one does. */
  readonly source: string | undefined;
  /** Appends a layer; the last one of a node is called after its output. */
  layer(type: string, config: object, inputs: readonly Feature[], shape: Shape, weights?: readonly Weight[]): Feature;
}

/** The one input that depends on the image. */
export const first = ({ inputs: [input], node }: Draft): Feature => {
  if (input === undefined) throw unsupported(node, 'an input that depends on the image');
  return input;
};

/** The first input with zeros around it, in a layer of its own. */
export function zeroPadded(draft: Draft, [top = 0, left = 0, bottom = 0, right = 0]: readonly number[]): Feature {
  const input = first(draft);
  const [height = 0, width = 0, channels = 0] = input.shape;
  const config = {
    padding: [
      [top, bottom],
      [left, right],
    ],
    data_format: 'channels_last',
  };
  const shape = [height + top + bottom, width + left + right, channels];
  return draft.layer('ZeroPadding2D', config, [input], shape);
}

/** Attributes of whole numbers, as lists. */
export const intsOf =
  (node: NodeDef) =>
  (name: string, otherwise: readonly number[]): readonly number[] => {
    const attribute = node.attributes.get(name);
    if (attribute?.type === 'ints') return attribute.value;
    return attribute?.type === 'int' ? [attribute.value] : otherwise;
  };

/** The error of a node that has another form than expected. */
export const unsupported = ({ opType, name }: NodeDef, expected: string): EngineError =>
  new EngineError('UNSUPPORTED_OP', `expected ${expected}, got ${opType} (node ${name})`);
