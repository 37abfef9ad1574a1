/** Where a training is. */
export interface Moment {
  /** Steps done before this one: 0 … total − 1. */
  readonly step: number;
  /** Epochs done before this one. */
  readonly epoch: number;
  /** Steps of the whole training. */
  readonly total: number;
}

/** What a step is taken with. */
export interface Rates {
  readonly learningRate: number;
  /** Instead of the momentum (Adam: β₁) of the optimizer. */
  readonly momentum?: number;
}

/** The rates of each step: a plain function of where the training is, so that a resumed one goes on with the same. */
export type Schedule = (moment: Moment) => Rates;

/** Whether milestones are counted in steps or in epochs. */
export type ScheduleUnit = 'step' | 'epoch';

/** From `from` at 0 to `to` at 1 along half a cosine. */
export const annealCosine = (from: number, to: number, share: number): number =>
  to + ((from - to) / 2) * (1 + Math.cos(Math.PI * share));

/** From `from` at 0 to `to` at 1 along a line. */
export const annealLinear = (from: number, to: number, share: number): number => from + (to - from) * share;
