import type { DataType } from '../../onnx/data-types.js';
import { encodeModel } from '../../onnx/encode-model.js';
import type { ModelDef, TensorValue, ValueInfo } from '../../onnx/graph.js';
import type { Shape } from '../../tensor/shape.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { createSession } from './session.js';

/** What ONNX Runtime infers of a tensor: lengths that it cannot tell are names, or −1; a rank that it cannot tell looks like 0. */
export interface InferredType {
  readonly dataType: DataType;
  readonly shape: readonly (number | string)[];
}

/** Inference reads no elements of a constant of this size; shapes, axes and scales are smaller. */
const UNREAD_FROM_BYTES = 1024;

/** Element types, and shapes as far as ONNX Runtime infers them, without a run. Inputs have the shapes that they declare. */
export async function inferTypes(
  model: ModelDef,
  names: readonly string[],
  runtime: RuntimeOptions,
): Promise<ReadonlyMap<string, InferredType>> {
  const outputs = names.map((name): ValueInfo => ({ name, dataType: undefined, shape: undefined }));
  const file = encodeModel(withoutWeights({ ...model, graph: { ...model.graph, outputs } }));
  const session = await createSession(file, { ...runtime, optimization: 'disabled', prepacking: false });
  try {
    return new Map(session.outputs.map((output) => [output.name, output]));
  } finally {
    await session.release();
  }
}

/** The same with inputs for weights, which would be copied to be never looked at. */
function withoutWeights(model: ModelDef): ModelDef {
  const isWeight = ({ dataType, bytes }: TensorValue): boolean =>
    dataType === 'float32' && bytes.length >= UNREAD_FROM_BYTES;
  const initializers = [...model.graph.initializers];
  const weights = initializers
    .filter(([, tensor]) => isWeight(tensor))
    .map(([name, { dataType, shape }]): { name: string; dataType: DataType; shape: Shape } => ({
      name,
      dataType,
      shape,
    }));
  return {
    ...model,
    graph: {
      ...model.graph,
      inputs: [...model.graph.inputs, ...weights],
      initializers: new Map(initializers.filter(([, tensor]) => !isWeight(tensor))),
    },
  };
}
