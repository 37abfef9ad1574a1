import type { NodeDef } from '../onnx/graph.js';

const STEPS = 'it is constant between jumps';
const INDICES = 'its output is indices';
const TRUTHS = 'its output is true or false';
const SHAPES = 'its output depends on shapes only';
const RANDOM = 'its output is random';

/** Operators whose derivative is 0 wherever it exists, with the reason. They cut the path from the input to a loss. */
const ZERO_GRADIENT_OPS: Readonly<Record<string, string>> = {
  And: TRUTHS,
  ArgMax: INDICES,
  ArgMin: INDICES,
  BitShift: STEPS,
  Ceil: STEPS,
  ConstantOfShape: SHAPES,
  Equal: TRUTHS,
  EyeLike: SHAPES,
  Floor: STEPS,
  Greater: TRUTHS,
  GreaterOrEqual: TRUTHS,
  IsInf: TRUTHS,
  IsNaN: TRUTHS,
  Less: TRUTHS,
  LessOrEqual: TRUTHS,
  NonMaxSuppression: INDICES,
  NonZero: INDICES,
  Not: TRUTHS,
  OneHot: STEPS,
  Or: TRUTHS,
  RandomNormalLike: RANDOM,
  RandomUniformLike: RANDOM,
  Range: SHAPES,
  Round: STEPS,
  Shape: SHAPES,
  Sign: STEPS,
  Size: SHAPES,
  Xor: TRUTHS,
};

/** Why nothing flows back through `node`, or `undefined` where something does. */
export function zeroGradientReason(node: Pick<NodeDef, 'opType' | 'domain'>): string | undefined {
  if (node.domain !== '' || !Object.hasOwn(ZERO_GRADIENT_OPS, node.opType)) return undefined;
  return ZERO_GRADIENT_OPS[node.opType];
}

export const zeroGradientOps: readonly string[] = Object.keys(ZERO_GRADIENT_OPS);
