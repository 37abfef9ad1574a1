import type { GraphDef } from '../../onnx/graph.js';
import type { Shape } from '../../tensor/shape.js';
import type { Definition } from './definition.js';

/** Shapes of all inputs for a batch: those that are not attacked as they are declared. */
export function shapesOf(
  graph: GraphDef,
  { info }: Pick<Definition, 'info'>,
  attacked: Shape,
): ReadonlyMap<string, Shape> {
  const [batch = 1] = attacked;
  return new Map(
    graph.inputs.map((input): [string, Shape] => {
      if (input.name === info.input.name) return [input.name, attacked];
      const shape = (input.shape ?? []).map((n, axis) =>
        typeof n === 'number' && n >= 0 ? n : axis === 0 ? batch : 1,
      );
      return [input.name, shape];
    }),
  );
}
