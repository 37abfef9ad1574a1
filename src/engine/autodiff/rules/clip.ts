import type { GraphBuilder, Value } from '../../onnx/graph.js';
import { reshape, sumBeside, where } from '../emit.js';
import type { BackwardNode, GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Clip`: Y = min(max(X, lo), hi).
 *
 *   dX = dY where lo ≤ X ≤ hi, else 0        (1 at the bounds, as in torch.clamp)
 *   dlo = Σ dY where X < lo ≤ hi        dhi = Σ dY where max(X, lo) > hi
 *
 * As an activation, which is what exporters write for torch.nn.ReLU6 and what is clipped at 0 otherwise, the mask reads Y
 * strictly inside the bounds: the same but for the bounds themselves, where ReLU6 has 0 too, and it leaves the operator fused
 * with the Conv before it.
 *
 * Shapes: X, Y and dX are equal; lo and hi are scalars.
 * Spec: https://onnx.ai/onnx/operators/onnx__Clip.html
 */
export const clip: GradientRule = {
  backward: (g, node) => [() => inner(g, node), () => below(g, node), () => above(g, node)].slice(0, node.inputCount),
};

const bound = (node: BackwardNode, index: number): Value | undefined =>
  node.hasInput(index) ? node.input(index) : undefined;

function inner(g: GraphBuilder, node: BackwardNode): Value {
  const [low, high] = [bound(node, 1), bound(node, 2)];
  const isActivation = isZero(node, 1) && (high === undefined || node.constant(2) !== undefined);
  const read = isActivation ? node.output(0) : node.input(0);
  const [atLeast, atMost] = isActivation ? ['Greater', 'Less'] : ['GreaterOrEqual', 'LessOrEqual'];
  const aboveLow =
    low === undefined ? node.cotangent(0) : where(g, g.op(atLeast as string, [read, low]), node.cotangent(0));
  return high === undefined ? aboveLow : where(g, g.op(atMost as string, [read, high]), aboveLow);
}

const isZero = (node: BackwardNode, index: number): boolean =>
  node.constant(index) !== undefined && node.numbers(index)?.[0] === 0;

function below(g: GraphBuilder, node: BackwardNode): Value {
  const [low, high] = [node.input(1), bound(node, 2)];
  const isBelow = where(g, g.op('Less', [node.input(0), low]), node.cotangent(0));
  const isFirst = high === undefined ? isBelow : where(g, g.op('LessOrEqual', [low, high]), isBelow);
  return reshape(g, sumBeside(g, isFirst, []), low.shape);
}

function above(g: GraphBuilder, node: BackwardNode): Value {
  const [x, low, high] = [node.input(0), bound(node, 1), node.input(2)];
  const raised = low === undefined ? x : g.op('Where', [g.op('Less', [x, low]), low, x]);
  return reshape(g, sumBeside(g, where(g, g.op('Greater', [raised, high]), node.cotangent(0)), []), high.shape);
}
