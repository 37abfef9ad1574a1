import { DATA_TYPES } from '../../onnx/data-types.js';
import { unary } from '../unary.js';

/**
 * Gradient of `Cast` between floating-point types: Y = X.
 *
 *   dX = dY, in the type of X
 *
 * Shapes: X, Y and dX are equal.
 * Spec: https://onnx.ai/onnx/operators/onnx__Cast.html
 */
export const cast = unary((g, node, dY) => g.op('Cast', [dY], { to: DATA_TYPES[node.input(0).dataType] }));
