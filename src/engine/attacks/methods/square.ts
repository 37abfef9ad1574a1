import { keyedRandom } from '../../tensor/random.js';
import type { Attack, AttackInput, AttackRun } from '../attack.js';
import { type Grid, gridOf, paintSquare, paintStripes } from '../squares.js';

/** Share of the pixels that the first squares cover: the paper's p for L∞. */
const FIRST_SHARE = 0.05;

/** Queries, of 10 000, after which the share is halved; smaller budgets scale them. */
const HALVED_AT = [10, 50, 200, 500, 1000, 2000, 4000, 6000, 8000] as const;
const SCHEDULE_LENGTH = 10_000;

/**
 * The share of pixels that the square of a query covers.
 *
 * @param query number of squares tried before, from 0 on
 * @param queries the whole budget
 */
export const shareAt = (query: number, queries: number): number =>
  FIRST_SHARE * 0.5 ** HALVED_AT.filter((at) => (query * SCHEDULE_LENGTH) / queries > at).length;

/**
 * Square attack for L∞: random search that asks for nothing but the value of the objective. The first query is at vertical
 * stripes of ±ε; each later one paints a square at a random place, ±ε in each channel, onto the best point so far, and keeps
 * it where the objective is higher. Every step is one query of every example.
 *
 *   x̂ ← z where L(z) > L(x̂), z = Π(x̂ with a square of x₀ ± ε)
 *
 * Source: Andriushchenko et al., "Square Attack: a query-efficient black-box adversarial attack via random search", ECCV 2020
 * (arXiv:1912.00049), Algorithms 1 and 2; the halvings are those of the paper and of its released code, which has the one at
 * 500 too. As that code does, colours that would change nothing are drawn again.
 */
export const square: Attack = {
  defaults: { steps: 1000, earlyStop: true },
  compatDefaults: {},
  ignores: ['stepSize', 'randomStart', 'decay', 'normalizeGradient', 'houdiniPush', 'iterate'],
  norms: ['linf'],
  isBlackBox: true,
  untargetedLoss: 'margin',
  run: search,
};

async function* search({ source, clean, keys, seed, restart, parameters, layout, signal }: AttackInput): AttackRun {
  const { epsilon, steps } = parameters;
  const grid = gridOf(clean.shape.slice(1), layout);
  const [count = 0] = clean.shape;
  const randoms = Array.from({ length: count }, (_, n) =>
    keyedRandom('square', seed, keys[n] ?? '', typeof restart === 'number' ? restart : (restart[n] ?? 0)),
  );
  const best = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
  const size = clean.data.length / count;
  let pixels = clean;
  for (let step = 1; step <= steps; step++) {
    signal.throwIfAborted();
    const data = pixels.data.slice();
    for (const [n, random] of randoms.entries()) {
      const [from, to] = [n * size, (n + 1) * size];
      const target = { row: data.subarray(from, to), clean: clean.data.subarray(from, to), epsilon, grid, random };
      if (step === 1) paintStripes(target);
      else paintSquare(target, sideOf(shareAt(step - 2, steps), grid));
    }
    const before = { data, shape: clean.shape };
    const evaluation = await source.evaluate(before, signal);
    const kept = pixels.data.slice();
    for (let n = 0; n < count; n++) {
      const objective = evaluation.objective[n] as number;
      // The first point is kept even where the objective is no number: there must be one.
      if (step > 1 && !(objective > (best[n] as number))) continue;
      best[n] = Number.isNaN(objective) ? Number.NEGATIVE_INFINITY : objective;
      kept.set(data.subarray(n * size, (n + 1) * size), n * size);
    }
    pixels = { data: kept, shape: clean.shape };
    yield { step, before, evaluation, pixels };
  }
}

/** Side of a square that covers a share of the pixels; of one row, where there is no more, its length. */
const sideOf = (share: number, { height, width }: Grid): number => {
  const area = share * height * width;
  return Math.max(1, Math.min(Math.round(height === 1 ? area : Math.sqrt(area)), height === 1 ? width : height, width));
};
