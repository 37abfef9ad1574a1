import { EngineError } from '../../errors.js';
import { encodeModel } from '../../onnx/encode-model.js';
import type { ModelDef, TensorValue, Value } from '../../onnx/graph.js';
import { nodesFor } from '../../onnx/pixel-dependence.js';
import { sizeOf } from '../../tensor/shape.js';
import { tensorValueOf } from '../convert.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { createSession, type RuntimeTensor, type Session } from './session.js';

/**
 * What values of a model hold that the shapes of its inputs alone decide. Only nodes that they need are run.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when ONNX Runtime refuses the model or these shapes.
 */
export async function evaluate(
  model: ModelDef,
  inputs: readonly Value[],
  names: readonly string[],
  runtime: RuntimeOptions,
): Promise<ReadonlyMap<string, TensorValue>> {
  const outputs = names.map((name) => ({ name, dataType: undefined, shape: undefined }));
  const graph = { ...model.graph, inputs, outputs, nodes: nodesFor(model.graph.nodes, names) };
  const session = await createSession(encodeModel({ ...model, graph }), {
    ...runtime,
    optimization: 'disabled',
    prepacking: false,
    keepsMemory: false,
  });
  try {
    const results = await runGrey(session, inputs, names);
    return new Map([...results].map(([name, tensor]) => [name, tensorValueOf(tensor)]));
  } finally {
    await session.release();
  }
}

/**
 * Runs a session of which nothing is kept that depends on the elements of `inputs`.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when ONNX Runtime does not run the model at these shapes.
 */
export async function runGrey(
  session: Session,
  inputs: readonly Value[],
  names: readonly string[],
): Promise<ReadonlyMap<string, RuntimeTensor>> {
  return await session.run(greyFeeds(inputs), names).catch((cause) => {
    throw new EngineError('INVALID_MODEL', `expected shapes that the model takes, but ${cause.message}`, {}, { cause });
  });
}

const greyFeeds = (inputs: readonly Value[]): ReadonlyMap<string, RuntimeTensor> =>
  new Map(inputs.map((input) => [input.name, grey(input)]));

function grey({ dataType, shape }: Value): RuntimeTensor {
  const size = sizeOf(shape);
  switch (dataType) {
    case 'float32':
      return { dataType, shape, data: new Float32Array(size).fill(0.5) };
    case 'uint8':
    case 'bool':
      return { dataType, shape, data: new Uint8Array(size) };
    case 'int32':
      return { dataType, shape, data: new Int32Array(size) };
    case 'int64':
      return { dataType, shape, data: new BigInt64Array(size) };
    default:
      throw new EngineError('INVALID_MODEL', `expected float32, uint8, int32 or int64 inputs, got ${dataType}`);
  }
}
