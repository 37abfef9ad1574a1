import { createHash } from 'node:crypto';

/** What draws are for: draws for one purpose tell nothing about those for another. */
export type RandomPurpose = 'bootstrap' | 'jitter' | 'scene' | 'square' | 'start' | 'sweep' | 'weights';

/**
 * The source of all random draws of the engine: each call of what it returns is the next draw from [0, 1), uniform and
 * a multiple of 2⁻²⁴, so exact in float32. The draws depend on the arguments alone, not on batch, shard or order:
 * xoshiro128** starts from 128 bits of SHA-256 over the JSON text of `[purpose, seed, key, restart]`.
 *
 * @param seed the run's seed, 0 … 2³² − 1
 * @param key the example's key
 * @param restart 0 for the first try, then counting up
 */
export function keyedRandom(purpose: RandomPurpose, seed: number, key: string, restart: number): () => number {
  const text = JSON.stringify([purpose, seed, key, restart]);
  const hash = createHash('sha256').update(text).digest();
  const next = xoshiro128([hash.readUInt32LE(0), hash.readUInt32LE(4), hash.readUInt32LE(8), hash.readUInt32LE(12)]);
  return () => (next() >>> 8) / 2 ** 24;
}

const rotateLeft = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/**
 * xoshiro128** 1.1: uniform 32-bit integers, in 32-bit arithmetic only.
 * Source: Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 47(4), 2021;
 * https://prng.di.unimi.it/xoshiro128starstar.c
 *
 * @param state four 32-bit integers, not all zero
 */
export function xoshiro128(state: readonly [number, number, number, number]): () => number {
  let [s0, s1, s2, s3] = state;
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(s1, 5), 7), 9) >>> 0;
    const shifted = s1 << 9;
    s2 ^= s0;
    s3 ^= s1;
    s1 ^= s2;
    s0 ^= s3;
    s2 ^= shifted;
    s3 = rotateLeft(s3, 11);
    return result;
  };
}
