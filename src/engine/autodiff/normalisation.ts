import type { GraphBuilder, Value } from '../onnx/graph.js';
import { meanOver } from './emit.js';

/** x̂ = (x − μ) / √(σ² + ε) over some axes, and 1/√(σ² + ε). */
export interface Standardised {
  readonly xHat: Value;
  readonly inverseDeviation: Value;
}

/** Standardises x over some axes. */
export function standardised(g: GraphBuilder, x: Value, axes: readonly number[], epsilon: number): Standardised {
  const centred = g.op('Sub', [x, meanOver(g, x, axes)]);
  const variance = meanOver(g, g.op('Mul', [centred, centred]), axes);
  const inverseDeviation = g.op('Reciprocal', [g.op('Sqrt', [g.op('Add', [variance, g.scalar(epsilon)])])]);
  return { xHat: g.op('Mul', [centred, inverseDeviation]), inverseDeviation };
}

/**
 * dX of y = x̂, with x̂ standardised over some axes:
 *
 *   dX = (dŶ − mean dŶ − x̂ mean(dŶ x̂)) / √(σ² + ε)
 */
export function standardisedGradient(
  g: GraphBuilder,
  { xHat, inverseDeviation }: Standardised,
  dXHat: Value,
  axes: readonly number[],
): Value {
  const projected = g.op('Mul', [xHat, meanOver(g, g.op('Mul', [dXHat, xHat]), axes)]);
  const centred = g.op('Sub', [g.op('Sub', [dXHat, meanOver(g, dXHat, axes)]), projected]);
  return g.op('Mul', [centred, inverseDeviation]);
}
