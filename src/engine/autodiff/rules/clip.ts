import { where } from '../emit.js';
import type { BackwardNode } from '../gradient-rule.js';
import { unary } from '../unary.js';

/** Whether an input is the constant `value`. */
const isNumber = (node: BackwardNode, index: number, value: number): boolean =>
  node.constant(index) !== undefined && node.numbers(index)?.[0] === value;

/**
 * Gradient of `Clip`: Y = min(max(X, lo), hi).
 *
 *   dX = dY where lo ≤ X ≤ hi, else 0        (1 at the bounds, as in torch.clamp)
 *
 * With constant bounds the mask reads Y strictly inside them, where that is the same but for the bounds themselves and
 * leaves the operator fused with the Conv before it: as in torch.nn.ReLU6, which is what exporters write as Clip(0, 6).
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Clip.html
 */
export const clip = unary((g, node, dY) => {
  const bounds = [1, 2].map((i) => (node.hasInput(i) ? node.input(i) : undefined));
  const [low, high] = bounds;
  const isActivation = isNumber(node, 1, 0) && node.constant(2) !== undefined;
  const y = isActivation ? node.output(0) : node.input(0);
  const [atLeast, atMost] = isActivation ? ['Greater', 'Less'] : ['GreaterOrEqual', 'LessOrEqual'];
  const aboveLow = low === undefined ? dY : where(g, g.op(atLeast as string, [y, low]), dY);
  return high === undefined ? aboveLow : where(g, g.op(atMost as string, [y, high]), aboveLow);
});
