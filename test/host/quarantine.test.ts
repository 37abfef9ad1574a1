import test from 'ava';
import { Quarantine } from '../../src/host/quarantine.js';

test('three deaths in a row quarantine a model, for its time', (t) => {
  let now = 0;
  const quarantine = new Quarantine(600_000, () => now);
  quarantine.strike('m@1');
  quarantine.strike('m@1');
  t.is(quarantine.reason('m@1'), undefined);
  quarantine.strike('m@1');
  now = 1000;
  t.is(
    quarantine.reason('m@1'),
    'its native code crashed or hung 3 times in a row; attacks are refused for another 599 s',
  );
  t.is(quarantine.reason('m@2'), undefined);
  now = 600_001;
  t.is(quarantine.reason('m@1'), undefined);
  quarantine.strike('m@1');
  t.truthy(quarantine.reason('m@1'), 'after its time a model has one chance');
});

test('a completed step between forgives', (t) => {
  const quarantine = new Quarantine(1000, () => 0);
  for (let i = 0; i < 10; i++) {
    quarantine.strike('m@1');
    quarantine.strike('m@1');
    quarantine.absolve('m@1');
  }
  t.is(quarantine.reason('m@1'), undefined);
});

test('the strike that begins a quarantine says so, and no other', (t) => {
  let now = 0;
  const quarantine = new Quarantine(1000, () => now);
  t.deepEqual(
    [1, 2, 3, 4].map(() => quarantine.strike('m')),
    [false, false, true, false],
  );
  now = 1000;
  t.true(quarantine.strike('m'), 'after its time it begins again');
});
