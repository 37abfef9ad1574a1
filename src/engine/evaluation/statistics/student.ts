import { erf } from '../../tensor/eager-ops.js';

/** Φ, the distribution function of the normal distribution. */
export const normalCdf = (x: number): number => (1 + erf(x / Math.SQRT2)) / 2;

/**
 * The two-sided quantile t of Student's distribution: P(|T| ≤ t) = `coverage`.
 *
 * @param degrees of freedom, an integer ≥ 1
 * @param coverage in (0, 1)
 */
export function studentQuantile(degrees: number, coverage: number): number {
  let [low, high] = [0, 1];
  while (centralProbability(high, degrees) < coverage) high *= 2;
  // Bisection down to neighbouring numbers: the same bits everywhere.
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return high;
    if (centralProbability(middle, degrees) < coverage) low = middle;
    else high = middle;
  }
}

/** Degrees of freedom beyond which the distribution is the normal one, to 3 digits of the quantile. */
const MANY_DEGREES = 2000;

/**
 * P(|T| ≤ t), by the finite series for whole degrees of freedom.
 * Source: Abramowitz and Stegun, "Handbook of Mathematical Functions", 26.7.3 and 26.7.4.
 */
function centralProbability(t: number, degrees: number): number {
  if (degrees > MANY_DEGREES) return erf(t / Math.SQRT2);
  const angle = Math.atan(t / Math.sqrt(degrees));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = degrees % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = degrees === 1 ? 0 : term;
  for (let k = isOdd ? 3 : 2; k <= degrees - 2; k += 2) {
    term *= (cosine ** 2 * (k - 1)) / k;
    sum += term;
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
