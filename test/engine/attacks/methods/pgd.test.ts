import test from 'ava';
import { pgd } from '../../../../src/engine/attacks/methods/pgd.js';
import {
  attacksEachExampleAlone,
  reportsEveryStep,
  staysInBallAndBounds,
  stopsWhenAborted,
} from '../../../support/attack-properties.js';
import { attackInput, finish } from '../../../support/run-attack.js';
import { scripted } from '../../../support/sources.js';
import { batch } from '../../../support/tensors.js';

test('steps along the sign of each gradient alone, inside the ball (by hand)', async (t) => {
  const source = scripted(batch([9, -0.1, 0]), batch([-1, -7, 2]), batch([-1, -7, 2]));
  const run = pgd.run(attackInput({ source, clean: batch([100, 100, 254]), parameters: { stepSize: 3, steps: 3 } }));
  t.deepEqual(
    (await finish(run)).map(({ pixels }) => pixels[0]),
    [
      [103, 97, 254],
      [100, 96, 255],
      [97, 96, 255],
    ],
  );
});

test('steps along ∇L / ‖∇L‖₂ of each example and shortens to the L2 ball (by hand)', async (t) => {
  const source = scripted(batch([3, 4], [0, 0]), batch([3, 4], [0, 5]));
  const clean = batch([100, 100], [100, 100]);
  const run = pgd.run(attackInput({ source, clean, parameters: { stepSize: 3, steps: 2, norm: 'l2' } }));
  const rounded = (await finish(run)).map(({ pixels }) =>
    pixels.map((row) => row.map((x) => Math.round(1e4 * x) / 1e4)),
  );
  t.deepEqual(rounded, [
    [
      [101.8, 102.4],
      [100, 100],
    ], // 3 levels along (.6, .8); no gradient, no step
    [
      [102.4, 103.2],
      [100, 103],
    ], // 6 levels are shortened to 4
  ]);
});

test(staysInBallAndBounds, pgd, 'linf');
test(staysInBallAndBounds, pgd, 'l2');
test(attacksEachExampleAlone, pgd);
test(reportsEveryStep, pgd);
test(stopsWhenAborted, pgd);
