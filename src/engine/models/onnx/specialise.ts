import { EngineError } from '../../errors.js';
import { encodeModel } from '../../onnx/encode-model.js';
import type { ModelDef, NodeDef, StaticGraph, TensorValue, Value, ValueInfo } from '../../onnx/graph.js';
import { nodesFor, pixelDependence } from '../../onnx/pixel-dependence.js';
import { readsOf } from '../../onnx/reads.js';
import type { Shape } from '../../tensor/shape.js';
import { tensorValueOf } from '../convert.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { decideControlFlow } from './decide-control-flow.js';
import { runGrey } from './evaluate.js';
import { inferTypes } from './infer-types.js';
import { createSession, type RuntimeTensor } from './session.js';
import { type Known, knownWithoutRun } from './static-shapes.js';

export interface SpecialiseOptions {
  /** Shape of every input of the graph, by name. */
  readonly inputShapes: ReadonlyMap<string, Shape>;
  /** Tensors that are wanted: outputs of the graph, or inside it. */
  readonly outputs: readonly string[];
  readonly runtime: RuntimeOptions;
}

/** Suffix of the values that hold shapes. */
const SHAPE = '::robustgate-shape';

/**
 * The part of an imported model that makes `outputs`, for one input shape: what does not depend on pixels becomes
 * constants, and every other tensor gets its exact shape. Where ONNX Runtime's inference does not tell them all, or may be
 * wrong, they come from a run of the model itself.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when ONNX Runtime does not run the model at this shape, or an output does
 *   not exist.
 * @throws EngineError `GRADIENT_UNAVAILABLE`. Thrown when a shape depends on pixel values.
 */
export async function specialise(source: ModelDef, options: SpecialiseOptions): Promise<StaticGraph> {
  const { inputShapes, outputs, runtime } = options;
  const inputs = source.graph.inputs.map((input): Value => {
    const shape = inputShapes.get(input.name);
    if (shape === undefined || input.dataType === undefined) {
      throw new EngineError('INTERNAL', `expected a shape and a type of input ${input.name}, got none`);
    }
    return { name: input.name, dataType: input.dataType, shape };
  });
  const model = await decideControlFlow(source, inputs, runtime);
  const { graph } = model;
  const needed = nodesFor(graph.nodes, outputs);
  const { dependent, unshaped } = pixelDependence({ inputs: graph.inputs, nodes: needed });
  for (const name of outputs) requireShaped(name, dependent, unshaped);

  const nodes = needed.filter((node) => node.outputs.some((name) => dependent.has(name)));
  const made = nodes.flatMap((node) => node.outputs.filter((name) => name !== ''));
  const folded = [...new Set(nodes.flatMap(readsOf))].filter(
    (name) => !dependent.has(name) && !graph.initializers.has(name),
  );

  const runnable = { ...model, graph: { ...graph, inputs, nodes: needed } };
  const types = await inferTypes(runnable, made, runtime);
  const { shapes, constants } =
    (await knownWithoutRun(runnable, inputs, made, folded, types, runtime)) ??
    (await runOnce(runnable, inputs, made, folded, runtime));
  const values = new Map<string, Value>(inputs.map((input) => [input.name, input]));
  for (const name of made) {
    const shape = shapes.get(name);
    const dataType = types.get(name)?.dataType;
    if (shape === undefined || dataType === undefined) throw new EngineError('INTERNAL', `expected a shape of ${name}`);
    values.set(name, { name, dataType, shape });
  }
  const isRead = new Set(nodes.flatMap(readsOf));
  const used = new Map([...graph.initializers, ...constants].filter(([name]) => isRead.has(name)));
  for (const [name, { dataType, shape }] of used) values.set(name, { name, dataType, shape });
  return {
    inputs,
    outputs: outputs.map((name) => values.get(name) as Value),
    nodes,
    constants: used,
    values,
    opset: model.opsets.get('') ?? 18,
  };
}

function requireShaped(name: string, dependent: ReadonlySet<string>, unshaped: ReadonlyMap<string, NodeDef>): void {
  const cause = unshaped.get(name);
  if (cause !== undefined) {
    throw new EngineError(
      'GRADIENT_UNAVAILABLE',
      `expected ${name} to have a shape that does not depend on pixel values, got one that ${cause.opType} (node ${cause.name}) ` +
        'decides: name a tensor before that node as the output of the task',
      { metadata: { output: name, opType: cause.opType, node: cause.name } },
    );
  }
  if (!dependent.has(name)) {
    throw new EngineError('INVALID_MODEL', `expected ${name} to be a tensor that depends on the input, got none such`, {
      metadata: { output: name },
    });
  }
}

/** ONNX Runtime infers the type of an output that does not say it. */
const untyped = (name: string): ValueInfo => ({ name, dataType: undefined, shape: undefined });

/** Runs the model node by node on grey pixels, for the shapes of `made` and the values of `folded`. */
async function runOnce(
  model: ModelDef,
  inputs: readonly Value[],
  made: readonly string[],
  folded: readonly string[],
  runtime: RuntimeOptions,
): Promise<Known> {
  const { graph } = model;
  const shapeNodes = made.map(
    (name): NodeDef => ({
      opType: 'Shape',
      domain: '',
      name: name + SHAPE,
      inputs: [name],
      outputs: [name + SHAPE],
      attributes: new Map(),
    }),
  );
  const fetches = [...shapeNodes.map(({ name }) => name), ...folded];
  const probe = { ...graph, nodes: [...graph.nodes, ...shapeNodes.toReversed()], outputs: fetches.map(untyped) };
  const session = await createSession(encodeModel({ ...model, graph: probe }), {
    ...runtime,
    optimization: 'disabled',
    prepacking: false,
    keepsMemory: false,
  });
  try {
    const results = await runGrey(session, inputs, fetches);
    const shapes = made.map((name): [string, Shape] => [
      name,
      Array.from(results.get(name + SHAPE)?.data as BigInt64Array, Number),
    ]);
    const constants = folded.map((name): [string, TensorValue] => [
      name,
      tensorValueOf(results.get(name) as RuntimeTensor),
    ]);
    return { shapes: new Map(shapes), constants: new Map(constants) };
  } finally {
    await session.release();
  }
}
