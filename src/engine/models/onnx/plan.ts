import type { GraphDef, ModelDef } from '../../onnx/graph.js';
import { multiplyAdds } from '../../onnx/multiply-adds.js';
import { nodesFor, pixelDependence } from '../../onnx/pixel-dependence.js';
import { sizeBytesOf } from '../../onnx/tensor-value.js';
import type { Shape } from '../../tensor/shape.js';
import type { ModelInfo } from '../model-info.js';
import type { Plan } from '../network.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { inferTypes } from './infer-types.js';

/**
 * A gradient program keeps the activations of the forward pass, and about as much again for masks, cotangents and what
 * layouts are changed to. Measured on DRN-D-22 and the street model: 2.2–2.8 times the activations.
 */
const PROGRAM_FACTOR = 3;

/** Weights are held by the original's session, as constants, laid out for speed, and flipped for the way back. */
const WEIGHT_FACTOR = 4;

/** Costs of a model at an input shape, from shapes that ONNX Runtime infers without running anything. */
export async function planOf(
  model: ModelDef,
  inputShapes: ReadonlyMap<string, Shape>,
  outputs: ReadonlyMap<string, string>,
  examples: number,
  runtime: RuntimeOptions,
): Promise<Plan> {
  const { graph } = model;
  const inputs = graph.inputs.map((input) => ({ ...input, shape: inputShapes.get(input.name) }));
  const nodes = nodesFor(graph.nodes, [...outputs.values()]);
  const { dependent } = pixelDependence({ inputs: graph.inputs, nodes });
  const made = nodes.flatMap((node) => node.outputs.filter((name) => dependent.has(name)));
  const types = await inferTypes({ ...model, graph: { ...graph, inputs, nodes } }, made, runtime);
  const shapeOf = (name: string): Shape | undefined => {
    const shape = types.get(name)?.shape ?? inputShapes.get(name) ?? graph.initializers.get(name)?.shape;
    return shape?.every((n) => typeof n === 'number' && n >= 0) ? (shape as Shape) : undefined;
  };
  const activations = [...types].reduce((sum, [name, { dataType }]) => {
    const shape = shapeOf(name);
    return shape === undefined ? sum : sum + sizeBytesOf(dataType, shape);
  }, 0);
  const weights = weightBytes(graph);
  const multiplications = nodes.reduce((sum, node) => sum + multiplyAdds(node, shapeOf), 0);
  return {
    multiplyAdds: multiplications / examples,
    memoryBytes: (batchSize) => (activations / examples) * batchSize * PROGRAM_FACTOR + weights * WEIGHT_FACTOR,
    outputShapes: new Map(
      [...outputs].flatMap(([task, output]): [string, Shape][] => {
        const shape = shapeOf(output);
        return shape === undefined ? [] : [[task, shape.slice(1)]];
      }),
    ),
  };
}

/** The same where all that is known is what the file declares. */
export const planOfOriginal = ({ tasks }: Pick<ModelInfo, 'tasks'>, fileBytes: number): Plan => ({
  multiplyAdds: 0,
  memoryBytes: () => fileBytes,
  outputShapes: new Map(tasks.filter(({ shape }) => !shape.includes(-1)).map(({ name, shape }) => [name, shape])),
});

const weightBytes = ({ initializers }: GraphDef): number =>
  [...initializers.values()].reduce((sum, { bytes }) => sum + bytes.length, 0);
