/**
 * The two-sided p-value of McNemar's exact test: of the n = `onlyBefore` + `onlyAfter` pairs that changed, each is as likely
 * to have changed one way as the other:
 *
 *   p = min(1, 2 Σ_{i ≤ min} C(n, i) / 2ⁿ)
 *
 * Source: McNemar, "Note on the sampling error of the difference between correlated proportions", Psychometrika 12, 1947; in
 * its exact binomial form.
 *
 * @param onlyBefore pairs that were right before and are not any more
 * @param onlyAfter pairs that are right only now
 */
export function mcnemarTest(onlyBefore: number, onlyAfter: number): number {
  const n = onlyBefore + onlyAfter;
  const fewer = Math.min(onlyBefore, onlyAfter);
  // In logarithms, for 2ⁿ is no float64 beyond n = 1023.
  let logTerm = -n * Math.LN2;
  let tail = Math.exp(logTerm);
  for (let i = 1; i <= fewer; i++) {
    logTerm += Math.log((n - i + 1) / i);
    tail += Math.exp(logTerm);
  }
  return Math.min(1, 2 * tail);
}
