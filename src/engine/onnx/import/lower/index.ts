import type { GraphDef } from '../../graph.js';
import { operatorName } from '../../node.js';
import type { FreshNames } from '../fresh-names.js';
import { rewriteNodes } from '../rewrite-nodes.js';
import { wholeNumberReaders } from '../whole-numbers.js';
import { attention, multiHeadAttention, packedAttention } from './attention.js';
import { fusedConv, fusedGemm } from './fused-activation.js';
import { fusedMatMul } from './fused-mat-mul.js';
import { biasGelu, fastGelu, gelu, quickGelu } from './gelu.js';
import { convInteger, dynamicQuantizeMatMul, matMulInteger, matMulIntegerToFloat } from './integer-products.js';
import {
  simplifiedLayerNormalization,
  skipLayerNormalization,
  skipSimplifiedLayerNormalization,
} from './layer-normalization.js';
import type { Lowering } from './lowering.js';
import {
  qGemm,
  qLinearBinary,
  qLinearConcat,
  qLinearConv,
  qLinearMatMul,
  qLinearSoftmax,
  qLinearUnary,
} from './q-linear.js';
import { dynamicQuantizeLinear, standardQuantization } from './quantization.js';

/**
 * Operators that ONNX Runtime's optimiser and quantiser write into files, and those of ONNX that compute in whole numbers.
 * Source: https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 */
const LOWERINGS: Readonly<Record<string, Lowering>> = {
  Attention: attention,
  ConvInteger: convInteger,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  MatMulInteger: matMulInteger,
  QLinearConv: qLinearConv,
  QLinearMatMul: qLinearMatMul,
  SimplifiedLayerNormalization: simplifiedLayerNormalization,
  'com.microsoft.Attention': packedAttention,
  'com.microsoft.BiasGelu': biasGelu,
  'com.microsoft.DequantizeLinear': standardQuantization,
  'com.microsoft.DynamicQuantizeMatMul': dynamicQuantizeMatMul,
  'com.microsoft.FastGelu': fastGelu,
  'com.microsoft.FusedConv': fusedConv,
  'com.microsoft.FusedGemm': fusedGemm,
  'com.microsoft.FusedMatMul': fusedMatMul,
  'com.microsoft.Gelu': gelu,
  'com.microsoft.MatMulIntegerToFloat': matMulIntegerToFloat,
  'com.microsoft.MultiHeadAttention': multiHeadAttention,
  'com.microsoft.QGemm': qGemm,
  'com.microsoft.QLinearAdd': qLinearBinary('Add'),
  'com.microsoft.QLinearAveragePool': qLinearUnary('AveragePool'),
  'com.microsoft.QLinearConcat': qLinearConcat,
  'com.microsoft.QLinearConv': qLinearConv,
  'com.microsoft.QLinearGlobalAveragePool': qLinearUnary('GlobalAveragePool'),
  'com.microsoft.QLinearLeakyRelu': qLinearUnary('LeakyRelu'),
  'com.microsoft.QLinearMul': qLinearBinary('Mul'),
  'com.microsoft.QLinearSigmoid': qLinearUnary('Sigmoid'),
  'com.microsoft.QLinearSoftmax': qLinearSoftmax,
  'com.microsoft.QuantizeLinear': standardQuantization,
  'com.microsoft.QuickGelu': quickGelu,
  'com.microsoft.SkipLayerNormalization': skipLayerNormalization,
  'com.microsoft.SkipSimplifiedLayerNormalization': skipSimplifiedLayerNormalization,
  'com.microsoft.TransposeMatMul': fusedMatMul,
};

/** For the documentation. */
export const loweredOperators: readonly string[] = Object.keys(LOWERINGS);

/**
 * The graph with these operators written in standard float32 ones, under the same names.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when a node lacks what its operator needs.
 */
export function lowerOperators(graph: GraphDef, names: FreshNames): GraphDef {
  const { canBeFloat } = wholeNumberReaders(graph);
  return rewriteNodes(graph, {
    names,
    find(node) {
      const name = operatorName(node);
      const lowering = Object.hasOwn(LOWERINGS, name) ? LOWERINGS[name] : undefined;
      if (lowering === undefined) return undefined;
      return (original, writer) => lowering(original, writer, { mayBeFloat: (value) => canBeFloat(value, false) });
    },
  });
}
