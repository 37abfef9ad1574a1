import test from 'ava';
import { fgsm } from '../../../../src/engine/attacks/methods/fgsm.js';
import { attacksEachExampleAlone, reportsEveryStep, staysInBallAndBounds } from '../../../support/attack-properties.js';
import { attackInput, finish } from '../../../support/run-attack.js';
import { scripted } from '../../../support/sources.js';
import { batch } from '../../../support/tensors.js';

test('makes one step of ε, whatever the step size and the number of steps (by hand)', async (t) => {
  const parameters = { epsilon: 6, stepSize: 1, steps: 10 };
  const run = fgsm.run(
    attackInput({ source: scripted(batch([0.5, -20, 0, 3])), clean: batch([10, 10, 10, 252]), parameters }),
  );
  t.deepEqual(
    (await finish(run)).map(({ pixels }) => pixels),
    [[[16, 4, 10, 255]]],
  );
});

test('has no random start unless it is asked for', (t) => {
  t.is(fgsm.defaults.randomStart, 'none');
});

test(staysInBallAndBounds, fgsm, 'linf');
test(staysInBallAndBounds, fgsm, 'l2');
test(attacksEachExampleAlone, fgsm);
test(reportsEveryStep, fgsm, 1);
