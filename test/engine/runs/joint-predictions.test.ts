import { setImmediate as nextTurn } from 'node:timers/promises';
import test from 'ava';
import type { ExtraInputs } from '../../../src/engine/models/network.js';
import { JointPredictions } from '../../../src/engine/runs/joint-predictions.js';
import { Pace } from '../../../src/engine/runs/pace.js';
import type { ComputeGate } from '../../../src/engine/runs/served-model.js';
import { map, type Tensor } from '../../../src/engine/tensor/tensor.js';
import { batch } from '../../support/tensors.js';

/** A gate that lets nobody through before it is opened, and then one at a time. */
function closedGate() {
  let open = (): void => undefined;
  let last: Promise<unknown> = new Promise<void>((resolve) => {
    open = resolve;
  });
  const gate: ComputeGate = {
    sharing: 1,
    run(_kind, _estimateMs, signal, call) {
      const turn = last.then(() => {
        signal.throwIfAborted();
        return call();
      });
      last = turn.catch(() => undefined);
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      return Promise.race([turn, aborted]);
    },
  };
  return { gate, open: () => open() };
}

/** A network that doubles, and keeps the rows of every call; rows of what fails are refused. */
function setup(fails: (rows: number) => boolean = () => false, mostRows = 16) {
  const calls: number[] = [];
  const network = {
    async predict(pixels: Tensor, extraInputs: ExtraInputs) {
      const rows = pixels.shape[0] ?? 0;
      calls.push(rows);
      if (fails(rows)) throw new Error(`${rows} rows`);
      return new Map([
        ['twice', map(pixels, (x) => 2 * x)],
        ...[...extraInputs].map(([name, tensor]): [string, Tensor] => [name, tensor]),
      ]);
    },
  };
  const predictions = new JointPredictions(network, mostRows);
  const { gate, open } = closedGate();
  const ask = (pixels: Tensor, options: { extra?: ExtraInputs; multiplyAdds?: number; signal?: AbortSignal } = {}) =>
    predictions.predict(
      pixels,
      options.extra ?? new Map(),
      options.multiplyAdds ?? 1,
      new Pace(
        {
          signal: options.signal ?? new AbortController().signal,
          drain: new AbortController().signal,
          deadlineMs: undefined,
          transitMs: 0,
          gate,
          now: () => 0,
        },
        1,
      ),
    );
  return { calls, ask, open };
}

test('predictions that wait for a turn share the call of the first, and each gets its own rows', async (t) => {
  const { calls, ask, open } = setup();
  const extra = (...rows: number[][]) => ({ extra: new Map([['also', batch(...rows)]]) });
  const answers = [ask(batch([1, 2]), extra([7])), ask(batch([3, 4], [5, 6]), extra([8], [9]))];
  open();
  const [one, two] = await Promise.all(answers);
  t.deepEqual(calls, [3]);
  t.deepEqual(one?.get('twice'), batch([2, 4]));
  t.deepEqual(two?.get('twice'), batch([6, 8], [10, 12]));
  t.deepEqual(two?.get('also'), batch([8], [9]));
});

test('predictions of other shapes, and what would be too much for one call, run in calls of their own', async (t) => {
  const shapes = setup();
  const first = [shapes.ask(batch([1])), shapes.ask(batch([1, 2])), shapes.ask(batch([3]))];
  shapes.open();
  await Promise.all(first);
  t.deepEqual(shapes.calls, [2, 1]);
  const large = setup();
  const second = [1, 2, 3].map((x) => large.ask(batch([x]), { multiplyAdds: 0.8e9 }));
  large.open();
  await Promise.all(second);
  t.deepEqual(large.calls, [2, 1]);
  const limited = setup(undefined, 1);
  const third = [1, 2].map((x) => limited.ask(batch([x])));
  limited.open();
  await Promise.all(third);
  t.deepEqual(limited.calls, [1, 1]);
});

test('what fails together is tried alone, and only who fails alone hears of it', async (t) => {
  const { calls, ask, open } = setup((rows) => rows > 1);
  const answers = [ask(batch([1])), ask(batch([2])), ask(batch([3], [4]))];
  open();
  const [one, two, three] = await Promise.allSettled(answers);
  t.deepEqual(calls, [4, 1, 1, 2]);
  t.deepEqual([one?.status, two?.status, three?.status], ['fulfilled', 'fulfilled', 'rejected']);
});

test('who gives up before the turn comes is not computed for, and the others go on', async (t) => {
  const { calls, ask, open } = setup();
  const controller = new AbortController();
  const answers = [ask(batch([1]), { signal: controller.signal }), ask(batch([2])), ask(batch([3]))];
  controller.abort(new Error('enough'));
  await nextTurn();
  open();
  const [one, two] = await Promise.allSettled(answers);
  t.is(one?.status, 'rejected');
  t.deepEqual(two?.status === 'fulfilled' && two.value.get('twice'), batch([4]));
  t.deepEqual(calls, [2]);
});
