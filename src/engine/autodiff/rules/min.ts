import { extremum } from '../extremum.js';
import type { GradientRule } from '../gradient-rule.js';

/**
 * Gradient of `Min`: Y = the smallest of A₁, A₂, …
 *
 *   dAᵢ = dY where Aᵢ is the first that equals Y, else 0
 *
 * Shapes: all Aᵢ broadcast to Y; `pullback` sums back to each.
 * Spec: https://onnx.ai/onnx/operators/onnx__Min.html
 */
export const min: GradientRule = extremum;
