import { EngineError } from '../../errors.js';
import type { ModelDef, TensorValue, Value } from '../../onnx/graph.js';
import { importModel } from '../../onnx/import/import-model.js';
import { float32Tensor } from '../../onnx/tensor-value.js';
import { sizeOf } from '../../tensor/shape.js';
import type { ModelConfig } from '../model-config.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { decideControlFlow } from './decide-control-flow.js';
import { SAMPLE_LENGTH } from './sample-input.js';

/** What `model.yaml` says of the inputs that are not attacked. */
type OtherInputs = Pick<ModelConfig, 'otherInputs'>;

/** What we made of a file. */
export interface Reading {
  /** In the form that is differentiated, or as the file has it where we refuse it. */
  readonly imported: ModelDef;
  /** Without the branches that shapes decide. */
  readonly judged: ModelDef;
  /** Why we refuse it. */
  readonly refusal: string | undefined;
}

/** A graph that we do not read may still be one that ONNX Runtime runs: it is served, and cannot be attacked. */
export function importOrRefuse(decoded: ModelDef): { imported: ModelDef; refusal: EngineError | undefined } {
  try {
    return { imported: importModel(decoded), refusal: undefined };
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'INVALID_MODEL') throw error;
    return { imported: decoded, refusal: error };
  }
}

/** The graph without the branches that shapes decide, at one shape that it takes; as it is where that one does not run. */
export async function decidedOnce(imported: ModelDef, config: OtherInputs, runtime: RuntimeOptions): Promise<ModelDef> {
  if (!imported.graph.nodes.some(({ opType }) => opType === 'If' || opType === 'Loop')) return imported;
  const model = withConstants(imported, config);
  const inputs = model.graph.inputs.map(({ name, dataType, shape = [] }): Value => {
    const lengths = shape.map((n, axis) => (typeof n === 'number' && n > 0 ? n : axis === 0 ? 1 : SAMPLE_LENGTH));
    return { name, dataType: dataType ?? 'float32', shape: lengths };
  });
  return await decideControlFlow(model, inputs, runtime).catch(() => imported);
}

/** The graph with the constants of `model.yaml` for inputs: what depends on them alone is folded away. */
export function withConstants(model: ModelDef, { otherInputs }: OtherInputs): ModelDef {
  const constants = new Map(
    otherInputs.flatMap((other) => ('value' in other ? [[other.name, [other.value].flat()]] : [])),
  );
  const initializers = new Map(model.graph.initializers);
  const inputs = model.graph.inputs.filter((input) => {
    const value = constants.get(input.name) as number[] | undefined;
    if (value === undefined) return true;
    initializers.set(input.name, constantTensor(input.shape ?? [], value));
    return false;
  });
  return { ...model, graph: { ...model.graph, inputs, initializers } };
}

/** Axes of unknown length get length 1, which broadcasts. */
function constantTensor(shape: readonly (number | string)[], value: readonly number[]): TensorValue {
  const lengths = shape.map((n) => (typeof n === 'number' && n >= 0 ? n : 1));
  const size = sizeOf(lengths);
  const [first = 0] = value;
  return float32Tensor(value.length === 1 ? new Float32Array(size).fill(first) : Float32Array.from(value), lengths);
}
