import { EngineError } from '../../errors.js';
import type { NodeDef } from '../../onnx/graph.js';
import type { GradientRule } from '../gradient-rule.js';
import { abs } from './abs.js';
import { acos } from './acos.js';
import { acosh } from './acosh.js';
import { add } from './add.js';
import { affineGrid } from './affine-grid.js';
import { asin } from './asin.js';
import { asinh } from './asinh.js';
import { atan } from './atan.js';
import { atanh } from './atanh.js';
import { averagePool } from './average-pool.js';
import { batchNormalization } from './batch-normalization.js';
import { cast } from './cast.js';
import { castLike } from './cast-like.js';
import { celu } from './celu.js';
import { clip } from './clip.js';
import { concat } from './concat.js';
import { conv } from './conv.js';
import { convTranspose } from './conv-transpose.js';
import { cos } from './cos.js';
import { cosh } from './cosh.js';
import { cumSum } from './cum-sum.js';
import { depthToSpace } from './depth-to-space.js';
import { dequantizeLinear } from './dequantize-linear.js';
import { div } from './div.js';
import { dropout } from './dropout.js';
import { einsum } from './einsum.js';
import { elu } from './elu.js';
import { erf } from './erf.js';
import { exp } from './exp.js';
import { expand } from './expand.js';
import { flatten } from './flatten.js';
import { gather } from './gather.js';
import { gatherElements } from './gather-elements.js';
import { gatherNd } from './gather-nd.js';
import { gelu } from './gelu.js';
import { gemm } from './gemm.js';
import { globalAveragePool } from './global-average-pool.js';
import { globalLpPool } from './global-lp-pool.js';
import { globalMaxPool } from './global-max-pool.js';
import { gridSample } from './grid-sample.js';
import { groupNormalization } from './group-normalization.js';
import { hardSigmoid } from './hard-sigmoid.js';
import { hardSwish } from './hard-swish.js';
import { identity } from './identity.js';
import { instanceNormalization } from './instance-normalization.js';
import { layerNormalization } from './layer-normalization.js';
import { leakyRelu } from './leaky-relu.js';
import { log } from './log.js';
import { logSoftmax } from './log-softmax.js';
import { lpNormalization } from './lp-normalization.js';
import { lpPool } from './lp-pool.js';
import { lrn } from './lrn.js';
import { matMul } from './mat-mul.js';
import { max } from './max.js';
import { maxPool } from './max-pool.js';
import { maxUnpool } from './max-unpool.js';
import { mean } from './mean.js';
import { meanVarianceNormalization } from './mean-variance-normalization.js';
import { min } from './min.js';
import { mish } from './mish.js';
import { mod } from './mod.js';
import { mul } from './mul.js';
import { neg } from './neg.js';
import { pad } from './pad.js';
import { pow } from './pow.js';
import { pRelu } from './prelu.js';
import { quantizeLinear } from './quantize-linear.js';
import { reciprocal } from './reciprocal.js';
import { reduceL1 } from './reduce-l1.js';
import { reduceL2 } from './reduce-l2.js';
import { reduceLogSum } from './reduce-log-sum.js';
import { reduceLogSumExp } from './reduce-log-sum-exp.js';
import { reduceMax } from './reduce-max.js';
import { reduceMean } from './reduce-mean.js';
import { reduceMin } from './reduce-min.js';
import { reduceProd } from './reduce-prod.js';
import { reduceSum } from './reduce-sum.js';
import { reduceSumSquare } from './reduce-sum-square.js';
import { relu } from './relu.js';
import { reshape } from './reshape.js';
import { resize } from './resize.js';
import { reverseSequence } from './reverse-sequence.js';
import { rmsNormalization } from './rms-normalization.js';
import { scatterElements } from './scatter-elements.js';
import { scatterNd } from './scatter-nd.js';
import { selu } from './selu.js';
import { shrink } from './shrink.js';
import { sigmoid } from './sigmoid.js';
import { sin } from './sin.js';
import { sinh } from './sinh.js';
import { slice } from './slice.js';
import { softmax } from './softmax.js';
import { softplus } from './softplus.js';
import { softsign } from './softsign.js';
import { spaceToDepth } from './space-to-depth.js';
import { split } from './split.js';
import { sqrt } from './sqrt.js';
import { squeeze } from './squeeze.js';
import { sub } from './sub.js';
import { sum } from './sum.js';
import { swish } from './swish.js';
import { tan } from './tan.js';
import { tanh } from './tanh.js';
import { thresholdedRelu } from './thresholded-relu.js';
import { tile } from './tile.js';
import { topK } from './top-k.js';
import { transpose } from './transpose.js';
import { trilu } from './trilu.js';
import { unsqueeze } from './unsqueeze.js';
import { where } from './where.js';

/** Every operator that the engine can differentiate, one line each, in alphabetical order. */
const rules: Readonly<Record<string, GradientRule>> = {
  Abs: abs,
  Acos: acos,
  Acosh: acosh,
  Add: add,
  AffineGrid: affineGrid,
  Asin: asin,
  Asinh: asinh,
  Atan: atan,
  Atanh: atanh,
  AveragePool: averagePool,
  BatchNormalization: batchNormalization,
  Cast: cast,
  CastLike: castLike,
  Celu: celu,
  Clip: clip,
  Concat: concat,
  Conv: conv,
  ConvTranspose: convTranspose,
  Cos: cos,
  Cosh: cosh,
  CumSum: cumSum,
  DepthToSpace: depthToSpace,
  DequantizeLinear: dequantizeLinear,
  Div: div,
  Dropout: dropout,
  Einsum: einsum,
  Elu: elu,
  Erf: erf,
  Exp: exp,
  Expand: expand,
  Flatten: flatten,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  Gelu: gelu,
  Gemm: gemm,
  GlobalAveragePool: globalAveragePool,
  GlobalLpPool: globalLpPool,
  GlobalMaxPool: globalMaxPool,
  GridSample: gridSample,
  GroupNormalization: groupNormalization,
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  Identity: identity,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  LeakyRelu: leakyRelu,
  Log: log,
  LogSoftmax: logSoftmax,
  LpNormalization: lpNormalization,
  LpPool: lpPool,
  LRN: lrn,
  MatMul: matMul,
  Max: max,
  MaxPool: maxPool,
  MaxUnpool: maxUnpool,
  Mean: mean,
  MeanVarianceNormalization: meanVarianceNormalization,
  Min: min,
  Mish: mish,
  Mod: mod,
  Mul: mul,
  Neg: neg,
  Pad: pad,
  Pow: pow,
  PRelu: pRelu,
  QuantizeLinear: quantizeLinear,
  Reciprocal: reciprocal,
  ReduceL1: reduceL1,
  ReduceL2: reduceL2,
  ReduceLogSum: reduceLogSum,
  ReduceLogSumExp: reduceLogSumExp,
  ReduceMax: reduceMax,
  ReduceMean: reduceMean,
  ReduceMin: reduceMin,
  ReduceProd: reduceProd,
  ReduceSum: reduceSum,
  ReduceSumSquare: reduceSumSquare,
  Relu: relu,
  Reshape: reshape,
  Resize: resize,
  ReverseSequence: reverseSequence,
  RMSNormalization: rmsNormalization,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  Selu: selu,
  Shrink: shrink,
  Sigmoid: sigmoid,
  Sin: sin,
  Sinh: sinh,
  Slice: slice,
  Softmax: softmax,
  Softplus: softplus,
  Softsign: softsign,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Sqrt: sqrt,
  Squeeze: squeeze,
  Sub: sub,
  Sum: sum,
  Swish: swish,
  Tan: tan,
  Tanh: tanh,
  ThresholdedRelu: thresholdedRelu,
  Tile: tile,
  TopK: topK,
  Transpose: transpose,
  Trilu: trilu,
  Unsqueeze: unsqueeze,
  Where: where,
};

export const ruleNames: readonly string[] = Object.keys(rules);

/** Whether the operator has a rule. */
export const hasRule = ({ opType, domain }: Pick<NodeDef, 'opType' | 'domain'>): boolean =>
  domain === '' && Object.hasOwn(rules, opType);

/** @throws EngineError `UNSUPPORTED_OP`. Thrown when the operator has no rule. */
export function findRule(node: Pick<NodeDef, 'opType' | 'domain' | 'name'>): GradientRule {
  const rule = hasRule(node) ? rules[node.opType] : undefined;
  if (rule === undefined) {
    const opType = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
    throw new EngineError(
      'UNSUPPORTED_OP',
      `expected an operator with a gradient rule, got ${opType} (node ${node.name})`,
      {
        metadata: { opType, node: node.name },
      },
    );
  }
  return rule;
}
