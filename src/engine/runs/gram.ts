/**
 * ⟨r_i, r_j⟩ of M vectors, row-major, M × M.
 */
export function gramMatrix(vectors: readonly Float32Array[]): number[] {
  const gram: number[] = [];
  for (const [i, a] of vectors.entries()) {
    for (const [j, b] of vectors.entries()) {
      gram.push(j < i ? (gram[j * vectors.length + i] as number) : dot(a, b));
    }
  }
  return gram;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** cos(r_i, r_j) from a Gram matrix; NaN where a vector is 0. */
export function cosineMatrix(gram: readonly number[]): number[] {
  const count = Math.sqrt(gram.length);
  return gram.map((product, cell) => {
    const [i, j] = [Math.floor(cell / count), cell % count];
    return product / Math.sqrt((gram[i * count + i] as number) * (gram[j * count + j] as number));
  });
}

/** Mean of each cell over matrices of one size. */
export function meanMatrix(matrices: readonly (readonly number[])[]): number[] {
  const size = matrices[0]?.length ?? 0;
  return Array.from(
    { length: size },
    (_, cell) => matrices.reduce((sum, matrix) => sum + (matrix[cell] as number), 0) / matrices.length,
  );
}

/** Theorem 1's factor, or why there is none. */
export type Theorem1 =
  | { readonly factor: number; readonly absentReason: '' }
  | { readonly factor: undefined; readonly absentReason: string };

/**
 * By how much M tasks are less vulnerable together than alone, as Theorem 1 of "Multitask Learning Strengthens Adversarial
 * Robustness" has it, with Cov_ij = E⟨r_i, r_j⟩:
 *
 *   √((1 + (2/M) Σ_{i>j} Cov_ij / Cov_ii) / M)
 *
 * 1 for identical tasks, 1/√M for uncorrelated ones, 0 for two that are opposed. It depends on the order of the tasks, and
 * assumes gradients of one scale.
 *
 * @param covariance row-major, M × M
 */
export function theorem1Factor(covariance: readonly number[]): Theorem1 {
  const count = Math.sqrt(covariance.length);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const variance = covariance[i * count + i] as number;
    if (variance === 0) return { factor: undefined, absentReason: `the gradient of task ${i} is 0 in every example` };
    for (let j = 0; j < i; j++) sum += (covariance[i * count + j] as number) / variance;
  }
  const radicand = (1 + (2 / count) * sum) / count;
  // Opposed tasks give 0, which rounding may leave a little below.
  if (radicand < -1e-9) {
    return {
      factor: undefined,
      absentReason: `the radicand is ${radicand}: gradients of different scales, for which the theorem does not hold`,
    };
  }
  return { factor: Math.sqrt(Math.max(radicand, 0)), absentReason: '' };
}

/**
 * √(Σ_ij G_ij / (M Σ_i G_ii)): the root mean square of the joint gradient (1/M) Σ r_i over that of the single ones, exact
 * whatever the order and the scales. `undefined` where all gradients are 0.
 */
export function gramFactor(gram: readonly number[]): number | undefined {
  const count = Math.sqrt(gram.length);
  const total = gram.reduce((sum, value) => sum + value, 0);
  const trace = gram.reduce((sum, value, cell) => (cell % (count + 1) === 0 ? sum + value : sum), 0);
  return trace === 0 ? undefined : Math.sqrt(Math.max(total, 0) / (count * trace));
}
