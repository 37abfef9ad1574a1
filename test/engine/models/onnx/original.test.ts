import test from 'ava';
import { restingSession } from '../../../../src/engine/models/onnx/original.js';
import type { Session } from '../../../../src/engine/models/onnx/session.js';

test('a session that rests is made again by its next run, once for all that ask, and released as often as it was made', async (t) => {
  const log: string[] = [];
  const made = (name: string): Session => ({
    inputs: [],
    outputs: [],
    async run() {
      log.push(`${name} runs`);
      return new Map();
    },
    async release() {
      log.push(`${name} ends`);
    },
  });
  let count = 1;
  const session = restingSession(made('1'), async () => made(`${++count}`));
  const run = () => session.run(new Map(), []);
  await run();
  await session.rest();
  await session.rest();
  await Promise.all([run(), run()]);
  await session.release();
  t.deepEqual(log, ['1 runs', '1 ends', '2 runs', '2 runs', '2 ends']);
});
