import type { MetricPart } from './metric.js';

/** Σ sums / Σ counts over examples; `undefined` where nothing counts. */
export function meanOf(parts: readonly MetricPart[]): number | undefined {
  const count = parts.reduce((total, part) => total + part.count, 0);
  return count === 0 ? undefined : parts.reduce((total, part) => total + part.sum, 0) / count;
}

/** Sum of `f` over the positions that count. */
export function sumOverValid(valid: Uint8Array, f: (position: number) => number): MetricPart {
  let [count, sum] = [0, 0];
  for (let i = 0; i < valid.length; i++) {
    if (!valid[i]) continue;
    count++;
    sum += f(i);
  }
  return { count, sum };
}
