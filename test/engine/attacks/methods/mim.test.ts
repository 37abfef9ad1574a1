import test from 'ava';
import { mim } from '../../../../src/engine/attacks/methods/mim.js';
import {
  attacksEachExampleAlone,
  reportsEveryStep,
  staysInBallAndBounds,
  stopsWhenAborted,
} from '../../../support/attack-properties.js';
import { attackInput, finish } from '../../../support/run-attack.js';
import { scripted } from '../../../support/sources.js';
import { batch } from '../../../support/tensors.js';

const clean = batch([100, 100, 100, 100]);
const gradients = [batch([1, 1, 1, 1]), batch([-30, -50, -20, 0])] as const;
const parameters = { stepSize: 2, steps: 2, decay: 1 };

test('accumulates L1-normalised gradients and steps along their signs (Algorithm 1, by hand)', async (t) => {
  // g₁ = (.25, .25, .25, .25): every pixel goes up.
  // g₂ = g₁ + (−.3, −.5, −.2, 0) = (−.05, −.25, .05, .25): the first two go down again, the others up once more.
  // Other rules end elsewhere: no norm or μ = 0.5 in the third pixel, the L2 norm in the first, μ = 0 in the last.
  const history = await finish(mim.run(attackInput({ source: scripted(...gradients), clean, parameters })));
  t.deepEqual(
    history.map(({ pixels }) => pixels),
    [[[102, 102, 102, 102]], [[100, 100, 104, 104]]],
  );
});

test('accumulates gradients as they are where they are not to be normalised (by hand)', async (t) => {
  // g₂ = (1, 1, 1, 1) / 2 + (−30, −50, −20, 0): only the last pixel goes on.
  const raw = { ...parameters, decay: 0.5, normalizeGradient: false };
  const history = await finish(mim.run(attackInput({ source: scripted(...gradients), clean, parameters: raw })));
  t.deepEqual(history.at(-1)?.pixels, [[100, 100, 100, 104]]);
});

test('steps along g / ‖g‖₂ in the L2 ball (by hand)', async (t) => {
  // g₁ = (3, 4) / 7 and direction (.6, .8), then g₂ = g₁ + (−1, 0) = (−4, 4) / 7 and direction (−√½, √½).
  const source = scripted(batch([3, 4]), batch([-2, 0]));
  const run = mim.run(attackInput({ source, clean: batch([100, 100]), parameters: { ...parameters, norm: 'l2' } }));
  const [first, second] = await finish(run);
  t.deepEqual(first?.pixels, [[Math.fround(101.2), Math.fround(101.6)]]);
  const [x = NaN, y = NaN] = second?.pixels[0] ?? [];
  t.true(Math.abs(x - (101.2 - Math.SQRT2)) < 1e-4 && Math.abs(y - (101.6 + Math.SQRT2)) < 1e-4, `got ${x}, ${y}`);
});

test(staysInBallAndBounds, mim, 'linf');
test(staysInBallAndBounds, mim, 'l2');
test(attacksEachExampleAlone, mim);
test(reportsEveryStep, mim);
test(stopsWhenAborted, mim);
