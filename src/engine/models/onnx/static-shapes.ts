import type { ModelDef, NodeDef, TensorValue, Value } from '../../onnx/graph.js';
import { attributeValue, graphsOf } from '../../onnx/node.js';
import { nodesFor } from '../../onnx/pixel-dependence.js';
import { readsOf } from '../../onnx/reads.js';
import { int64Tensor } from '../../onnx/tensor-value.js';
import { type Shape, sizeOf } from '../../tensor/shape.js';
import type { RuntimeOptions } from '../runtime-options.js';
import { evaluate } from './evaluate.js';
import type { InferredType } from './infer-types.js';

/** What is known of a model at one shape of its inputs. */
export interface Known {
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Values that depend on no pixel. */
  readonly constants: ReadonlyMap<string, TensorValue>;
}

/**
 * The shapes of `made` as they were inferred, and the values of `folded` computed from them without running the network.
 *
 * @returns `undefined` where inference does not tell all shapes, or cannot be relied on
 */
export async function knownWithoutRun(
  model: ModelDef,
  inputs: readonly Value[],
  made: readonly string[],
  folded: readonly string[],
  types: ReadonlyMap<string, InferredType>,
  runtime: RuntimeOptions,
): Promise<Known | undefined> {
  const { graph } = model;
  if (graph.nodes.some(mayBeInferredWrong)) return undefined;
  const shapes = new Map<string, Shape>();
  for (const name of made) {
    const shape = types.get(name)?.shape;
    // What looks like a number may be a tensor of unknown rank.
    if (shape === undefined || shape.length === 0 || !isKnown(shape)) return undefined;
    shapes.set(name, shape);
  }
  const shapeOf = new Map<string, Shape>([...inputs.map(({ name, shape }) => [name, shape] as const), ...shapes]);
  const told = new Map(graph.initializers);
  for (const node of graph.nodes) {
    const value = shapeRead(node, shapeOf);
    if (value !== undefined) told.set(node.outputs[0] ?? '', value);
  }
  const untold = graph.nodes.filter(({ outputs }) => !told.has(outputs[0] ?? ''));
  const asked = folded.filter((name) => !told.has(name));
  const nodes = nodesFor(untold, asked);
  const isRead = new Set(nodes.flatMap(readsOf));
  if (inputs.some(({ name }) => isRead.has(name)) || made.some((name) => isRead.has(name))) return undefined;
  const initializers = new Map([...told].filter(([name]) => isRead.has(name)));
  const small = { ...model, graph: { ...graph, inputs: [], nodes, initializers } };
  const computed = asked.length === 0 ? new Map() : await evaluate(small, [], asked, runtime);
  const constantOf = (name: string): TensorValue => (computed.get(name) ?? told.get(name)) as TensorValue;
  return { shapes, constants: new Map(folded.map((name) => [name, constantOf(name)])) };
}

/** Pools that round up are inferred one too long where the last window would begin beyond the image, and see below. */
function mayBeInferredWrong(node: NodeDef): boolean {
  // Of an Einsum it takes an axis of length 1 for the whole, although another operand stretches it.
  if (node.domain !== '' || node.opType === 'Einsum' || graphsOf(node).length > 0) return true;
  return (attributeValue(node, 'ceil_mode', 'int') ?? 0) !== 0;
}

const isKnown = (shape: InferredType['shape']): shape is Shape => shape.every((n) => typeof n === 'number' && n >= 0);

/** What `Shape` and `Size` make of a tensor of known shape. */
function shapeRead(node: NodeDef, shapeOf: ReadonlyMap<string, Shape>): TensorValue | undefined {
  const shape = shapeOf.get(node.inputs[0] ?? '');
  if (shape === undefined) return undefined;
  if (node.opType === 'Size') return int64Tensor([sizeOf(shape)], []);
  if (node.opType !== 'Shape') return undefined;
  const [start, end] = [attributeValue(node, 'start', 'int') ?? 0, attributeValue(node, 'end', 'int') ?? shape.length];
  return int64Tensor(shape.slice(start, end));
}
