import type { Warning } from './events.js';

/** What was odd about the gradients of a batch. */
export class Oddities {
  readonly #kinds = new Map<number, Set<'zero' | 'not-finite'>>();
  readonly #common: Warning[] = [];

  add(example: number, kind: 'zero' | 'not-finite'): void {
    this.#kinds.set(example, (this.#kinds.get(example) ?? new Set()).add(kind));
  }

  addForAll(warning: Warning): void {
    this.#common.push(warning);
  }

  warnings(example: number): readonly Warning[] {
    const own = [...(this.#kinds.get(example) ?? [])].map((kind): Warning => ODDITIES[kind]);
    return [...this.#common, ...own];
  }
}

const ODDITIES = {
  zero: {
    reason: 'ZERO_GRADIENT',
    message: 'the gradient was 0 everywhere at some step: a loss is saturated, or nothing is labelled',
  },
  'not-finite': {
    reason: 'NON_FINITE_GRADIENT',
    message: 'the gradient was infinite or NaN somewhere at some step and was taken for 0 there',
  },
} as const satisfies Readonly<Record<string, Warning>>;
