/** What one update of a parameter takes. */
export interface Update {
  /** Changed in place. */
  readonly values: Float32Array;
  readonly gradient: Float32Array;
  /** What the optimizer remembers of the parameter, by slot, as long as the parameter: 0 at first, changed in place. */
  readonly slots: Readonly<Record<string, Float32Array>>;
  readonly learningRate: number;
  /** Instead of the momentum of the configuration, from a schedule that cycles it. */
  readonly momentum: number | undefined;
  /** Updates of the parameter with this one: from 1 on. */
  readonly count: number;
}

/**
 * A rule by which parameters follow their gradients. Its sums are taken in float64 and kept in float32. Weight decay is added
 * to the gradient of every parameter, biases and batch norms included, as PyTorch does unless it is told otherwise.
 */
export interface Optimizer {
  /** Names of what it remembers of each parameter. */
  readonly slots: readonly string[];
  update(update: Update): void;
}
