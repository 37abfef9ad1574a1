import type { Measured } from './measured.js';

/** What became of a claim. */
export type ClaimVerdict = 'reproduced' | 'not reproduced' | 'inconclusive';

/** One number that should be above 0 if the claim holds. */
export interface Comparison {
  readonly label: string;
  /** By how much it is better; `undefined` where it was not measured yet. */
  readonly improvement: Measured | undefined;
}

/** A claim of the paper, or of later work, and what our numbers say of it. */
export interface Claim {
  readonly text: string;
  /** Who claims it. */
  readonly source: 'paper' | 'later work' | 'theory';
  readonly verdict: ClaimVerdict;
  /** Why, in a sentence; empty where that is said of all figures. */
  readonly reason: string;
  readonly comparisons: readonly Comparison[];
}

type Side = 'above' | 'below' | 'undecided' | 'missing';

/** On which side of 0 an interval lies. */
function sideOf(improvement: Measured | undefined): Side {
  if (improvement === undefined) return 'missing';
  const { lower, upper } = improvement;
  if (lower === undefined || upper === undefined) return 'undecided';
  if (lower > 0) return 'above';
  return upper < 0 ? 'below' : 'undecided';
}

/**
 * Judges a claim by the 95 % intervals of what should be above 0:
 *
 *   one lies below 0 as a whole      not reproduced
 *   all lie above 0                  reproduced
 *   else                             inconclusive
 *
 * Intervals are not widened for their number: with many comparisons, one in twenty misses by chance.
 */
export function judgeClaim(text: string, source: Claim['source'], comparisons: readonly Comparison[]): Claim {
  const sides = comparisons.map(({ improvement }) => sideOf(improvement));
  const at = (side: Side): readonly Comparison[] => comparisons.filter((_, i) => sides[i] === side);
  const total = comparisons.length;
  const [below, above, undecided, missing] = [at('below'), at('above'), at('undecided'), at('missing')];
  const claim = { text, source, comparisons };
  if (below.length > 0) {
    const reason = `${below.length} of ${total} comparisons ${go(below.length)} the other way: ${list(below)}`;
    return { ...claim, verdict: 'not reproduced', reason };
  }
  if (total > 0 && above.length === total) {
    const reason = `${total === 1 ? 'the interval lies' : `all ${total} intervals lie`} above 0: ${list(above)}`;
    return { ...claim, verdict: 'reproduced', reason };
  }
  const open = [
    ...(undecided.length === 0 ? [] : [`${undecided.length} of ${total} intervals contain 0: ${list(undecided)}`]),
    ...(missing.length === 0 ? [] : [`${missing.length} of ${total} comparisons were not measured`]),
  ];
  return { ...claim, verdict: 'inconclusive', reason: open.join('; ') || 'there is nothing to compare' };
}

const go = (count: number): string => (count === 1 ? 'goes' : 'go');

/** Most comparisons that a reason names. */
const MAX_NAMED = 3;

function list(comparisons: readonly Comparison[]): string {
  const named = comparisons
    .slice(0, MAX_NAMED)
    .map(({ label, improvement }) => `${label} ${intervalText(improvement)}`);
  const more = comparisons.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function intervalText(improvement: Measured | undefined): string {
  if (improvement === undefined) return '';
  const { value, lower, upper } = improvement;
  const bounds = lower === undefined || upper === undefined ? '' : ` [${signed(lower)}, ${signed(upper)}]`;
  return `${signed(value)}${bounds}`;
}

const signed = (value: number): string => `${value > 0 ? '+' : ''}${Number(value.toPrecision(3))}`;

/** A claim whose numbers prove nothing, whatever they are: the report says why, once for all. */
export const unproven = (claim: Claim): Claim => ({ ...claim, verdict: 'inconclusive', reason: '' });
