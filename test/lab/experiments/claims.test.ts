import test from 'ava';
import { type ClaimVerdict, type Comparison, judgeClaim, unproven } from '../../../src/lab/experiments/claims.js';

const interval = (label: string, lower: number, upper: number): Comparison => ({
  label,
  improvement: { value: (lower + upper) / 2, lower, upper, examples: 8, seeds: 1, over: 'examples' },
});
const missing: Comparison = { label: 'later', improvement: undefined };
const single: Comparison = {
  label: 'single',
  improvement: { value: 5, examples: 1, seeds: 1, over: 'examples' },
};

const judged = test.macro({
  exec(t, comparisons: readonly Comparison[], verdict: ClaimVerdict, reason: string) {
    const claim = judgeClaim('Water is wet.', 'paper', comparisons);
    t.is(claim.verdict, verdict);
    t.is(claim.reason, reason);
  },
  title: (title) => `${title}`,
});

test(
  'a claim is reproduced where all intervals lie above 0',
  judged,
  [interval('a', 1, 3), interval('b', 0.5, 1.5)],
  'reproduced',
  'all 2 intervals lie above 0: a +2 [+1, +3], b +1 [+0.5, +1.5]',
);
test(
  'one interval below 0 is enough against it',
  judged,
  [interval('a', 1, 3), interval('b', -2, -1), missing],
  'not reproduced',
  '1 of 3 comparisons goes the other way: b -1.5 [-2, -1]',
);
test(
  'an interval that contains 0 decides nothing',
  judged,
  [interval('a', 1, 3), interval('b', -1, 2)],
  'inconclusive',
  '1 of 2 intervals contain 0: b +0.5 [-1, +2]',
);
test(
  'an interval that touches 0 decides nothing',
  judged,
  [interval('a', 0, 3)],
  'inconclusive',
  '1 of 1 intervals contain 0: a +1.5 [0, +3]',
);
test(
  'what was not measured decides nothing',
  judged,
  [interval('a', 1, 3), missing],
  'inconclusive',
  '1 of 2 comparisons were not measured',
);
test(
  'a number without an interval decides nothing',
  judged,
  [single],
  'inconclusive',
  '1 of 1 intervals contain 0: single +5',
);
test('nothing to compare decides nothing', judged, [], 'inconclusive', 'there is nothing to compare');

test('figures that prove nothing decide nothing, whatever they are', (t) => {
  const claim = judgeClaim('Water is wet.', 'paper', [interval('a', 1, 3)]);
  t.like(unproven(claim), { verdict: 'inconclusive', reason: '', text: 'Water is wet.' });
});
