import type { GraphBuilder, Value } from '../onnx/graph.js';
import { where, withSignOf } from './emit.js';

/** dY Y^(1 − p), 0 where Y is 0: what every element under a window of an Lp pool shares. */
export function lpShare(g: GraphBuilder, y: Value, dY: Value, p: number): Value {
  if (p === 1) return dY;
  const power = p === 2 ? y : g.op('Pow', [y, g.scalar(p - 1)]);
  return where(g, g.op('Greater', [y, g.scalar(0)]), g.op('Div', [dY, power]));
}

/** sign X |X|^(p − 1) times what each element has got of the shares. */
export function lpGradient(g: GraphBuilder, x: Value, shares: Value, p: number): Value {
  if (p === 1) return withSignOf(g, x, shares);
  if (p === 2) return g.op('Mul', [x, shares]);
  const size = g.op('Pow', [g.op('Abs', [x]), g.scalar(p - 1)]);
  return withSignOf(g, x, g.op('Mul', [size, shares]));
}
