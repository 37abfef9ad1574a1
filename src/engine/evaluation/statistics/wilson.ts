/** Two-sided 95 % quantile of the normal distribution. */
const Z = 1.959963984540054;

/**
 * Wilson's 95 % score interval of a share of successes:
 *
 *   (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n),  p = successes / n
 *
 * It stays in [0, 1] and keeps its coverage for shares near 0 and 1 and for small n, where p ± z·SE does not.
 * Source: Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22, 1927; recommended by Brown,
 * Cai and DasGupta, "Interval Estimation for a Binomial Proportion", Statistical Science 16, 2001.
 *
 * @param n at least 1
 */
export function wilsonInterval(successes: number, n: number): readonly [lower: number, upper: number] {
  const p = successes / n;
  const centre = p + Z ** 2 / (2 * n);
  const half = Z * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n ** 2));
  const scale = 1 + Z ** 2 / n;
  // At 0 and n the bound is the share itself, which rounding would miss.
  const lower = successes === 0 ? 0 : (centre - half) / scale;
  const upper = successes === n ? 1 : (centre + half) / scale;
  return [lower, upper];
}
