import { spawnSync } from 'node:child_process';
import test from 'ava';
import { fromSharedClock, toSharedClock } from '../../../src/host/wire/shared-clock.js';

const url = new URL('../../../src/host/wire/shared-clock.js', import.meta.url).href;
const program = `import { toSharedClock } from '${url}'; console.log(toSharedClock(performance.now()));`;

test('a moment in another process is between the moments before and after it in this one', (t) => {
  const before = performance.now();
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  const moment = fromSharedClock(Number(stdout));
  t.true(before < moment && moment < performance.now(), `got ${moment} in ${before} … ${performance.now()}`);
});

test('there and back is the same moment, to a microsecond', (t) => {
  t.true(Math.abs(fromSharedClock(toSharedClock(1234.5)) - 1234.5) < 1e-3);
});
