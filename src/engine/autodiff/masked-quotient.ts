import type { GraphBuilder, Value } from '../onnx/graph.js';

/** dY / divisor, but 0 where dY is 0: there the divisor may be 0 too, and 0 / 0 would be NaN. Shapes are equal. */
export function maskedQuotient(g: GraphBuilder, dY: Value, divisor: Value): Value {
  const isZero = g.op('Equal', [dY, g.scalar(0)]);
  return g.op('Div', [dY, g.op('Where', [isZero, g.scalar(1), divisor])]);
}
