import { dataTypeOf, isFloatingPoint } from '../onnx/data-types.js';
import type { NodeDef } from '../onnx/graph.js';

const STEPS = 'it is constant between jumps';
const INDICES = 'its output is indices';
const TRUTHS = 'its output is true or false';
const SHAPES = 'its output depends on shapes only';
const RANDOM = 'its output is random';
const WHOLE_NUMBERS = 'its output is whole numbers';

/** Operators whose derivative is 0 wherever it exists, with the reason. They cut the path from the input to a loss. */
const ZERO_GRADIENT_OPS: Readonly<Record<string, string>> = {
  And: TRUTHS,
  ArgMax: INDICES,
  ArgMin: INDICES,
  Bernoulli: RANDOM,
  BitShift: STEPS,
  BitwiseAnd: STEPS,
  BitwiseNot: STEPS,
  BitwiseOr: STEPS,
  BitwiseXor: STEPS,
  Ceil: STEPS,
  ConstantOfShape: SHAPES,
  Equal: TRUTHS,
  EyeLike: SHAPES,
  Floor: STEPS,
  Greater: TRUTHS,
  GreaterOrEqual: TRUTHS,
  Hardmax: STEPS,
  IsInf: TRUTHS,
  IsNaN: TRUTHS,
  Less: TRUTHS,
  LessOrEqual: TRUTHS,
  Multinomial: RANDOM,
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
export function zeroGradientReason(node: Pick<NodeDef, 'opType' | 'domain' | 'attributes'>): string | undefined {
  if (node.domain !== '') return undefined;
  if (node.opType === 'Cast') return castReason(node);
  return Object.hasOwn(ZERO_GRADIENT_OPS, node.opType) ? ZERO_GRADIENT_OPS[node.opType] : undefined;
}

function castReason({ attributes }: Pick<NodeDef, 'attributes'>): string | undefined {
  const to = attributes.get('to');
  const type = to?.type === 'int' ? dataTypeOf(to.value) : undefined;
  if (type === undefined || isFloatingPoint(type)) return undefined;
  return type === 'bool' ? TRUTHS : WHOLE_NUMBERS;
}

/** For the documentation. */
export const zeroGradientReasons = ZERO_GRADIENT_OPS;
