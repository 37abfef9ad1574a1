import test from 'ava';
import { houdini } from '../../../../src/engine/attacks/methods/houdini.js';
import {
  attacksEachExampleAlone,
  reportsEveryStep,
  staysInBallAndBounds,
  stopsWhenAborted,
} from '../../../support/attack-properties.js';
import { attackInput, finish } from '../../../support/run-attack.js';
import { scripted } from '../../../support/sources.js';
import { batch } from '../../../support/tensors.js';

test('is PGD on the Houdini loss unless momentum is asked for (by hand)', async (t) => {
  t.is(houdini.loss, 'houdini');
  const gradients = [batch([4, 1]), batch([-1, 1])];
  const last = async (decay: number): Promise<number[][] | undefined> => {
    const parameters = { steps: 2, decay };
    const run = houdini.run(attackInput({ source: scripted(...gradients), clean: batch([100, 100]), parameters }));
    return (await finish(run)).at(-1)?.pixels;
  };
  t.deepEqual(await last(0), [[100, 102]]);
  t.deepEqual(await last(1), [[102, 102]]); // (.8, .2) + (−.5, .5)
});

test('follows the released code of the paper where that is asked for', (t) => {
  t.deepEqual(houdini.compatDefaults, {
    randomStart: 'upper-corner',
    decay: 0.5,
    normalizeGradient: false,
    houdiniPush: 'one-sided',
  });
});

test(staysInBallAndBounds, houdini, 'linf');
test(attacksEachExampleAlone, houdini);
test(reportsEveryStep, houdini);
test(stopsWhenAborted, houdini);
