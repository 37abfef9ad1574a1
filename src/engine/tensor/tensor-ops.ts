import type { Shape, Shaped } from './shape.js';

/**
 * The algebra that losses are written in. `T` is whatever an interpreter computes with: float64 arrays
 * (`eager-ops.ts`, the tests' reference), values of an ONNX graph (`onnx/symbolic-ops.ts`), TF.js tensors.
 *
 * All elements are real numbers: labels are whole numbers, masks are 0 or 1. Axes count from 0. Operations on several
 * tensors broadcast them as NumPy does. A primitive is added when a loss needs it, to every interpreter at once.
 */
export interface TensorOps<T extends Shaped> {
  /** A scalar. */
  constant(value: number): T;
  /** a + b. */
  add(a: T, b: T): T;
  /** a − b. */
  sub(a: T, b: T): T;
  /** a · b. */
  mul(a: T, b: T): T;
  /** a / b. */
  div(a: T, b: T): T;
  /** |a|, with derivative 0 at 0. */
  abs(a: T): T;
  /** eᵃ. */
  exp(a: T): T;
  /** The natural logarithm. */
  log(a: T): T;
  /** The error function: 2/√π ∫₀ᵃ e^(−t²) dt. */
  erf(a: T): T;
  /** The larger of both, neither of which may be NaN. The derivative goes to `b` where they are equal. */
  maximum(a: T, b: T): T;
  /** 1 where a > b, else 0. Without a derivative. */
  greater(a: T, b: T): T;
  /** `a` where `mask` is 1, else `b`. A selection: what is not selected may be infinite or NaN. */
  where(mask: T, a: T, b: T): T;
  /** `table[a]`, for `a` of whole numbers from 0 on. Without a derivative. */
  lookUp(table: readonly number[], a: T): T;
  /** Sum over `axes`, which disappear; no axes, no change. */
  sum(a: T, axes: readonly number[]): T;
  /** The same elements in another shape of the same size. */
  reshape(a: T, shape: Shape): T;
  /** log(exp(a) / Σ exp(a)) with the sum over `axis`; finite for all finite `a`. */
  logSoftmax(a: T, axis: number): T;
  /** The element of `a` that `labels` names along `axis`: shape of `labels`, which is `a`'s without `axis`. */
  pickClass(a: T, labels: T, axis: number): T;
  /** The largest element of `a` along `axis` other than the one that `labels` names: shape of `labels`. */
  maxOtherClass(a: T, labels: T, axis: number): T;
  /** The class of the largest element of `a` along `axis`, the first of several: `a`'s shape without `axis`. Without a derivative. */
  predictedClass(a: T, axis: number): T;
  /**
   * The `k` largest elements of `a` along `axis`, largest first, each with the shape of `a` without `axis`.
   * `k` is at most the length of `axis`.
   */
  topClasses(a: T, k: number, axis: number): readonly T[];
  /** `a`, taken for a constant by differentiation. */
  stopGradient(a: T): T;
}
