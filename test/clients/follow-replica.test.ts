import { status } from '@grpc/grpc-js';
import test from 'ava';
import { followStream, followUnary } from '../../src/clients/follow-replica.js';
import { RobustgateError } from '../../src/clients/robustgate-error.js';

const elsewhere = (address?: string) =>
  new RobustgateError('expected another', {
    status: status.FAILED_PRECONDITION,
    reason: 'WRONG_REPLICA',
    metadata: address === undefined ? {} : { address },
  });

test('a call goes where the gateway says, once', async (t) => {
  const asked: (string | undefined)[] = [];
  const call = async (replica: string | undefined): Promise<string> => {
    asked.push(replica);
    if (replica !== 'b:1') throw elsewhere('b:1');
    return 'found';
  };
  t.is(await followUnary(call), 'found');
  t.deepEqual(asked, [undefined, 'b:1']);
  await t.throwsAsync(
    followUnary(async (replica) => {
      throw elsewhere(replica === undefined ? 'b:1' : 'c:1');
    }),
    { message: 'expected another' },
  );
});

test('without an address, or with another error, nothing is followed', async (t) => {
  for (const error of [elsewhere(), new RobustgateError('no', { status: status.UNAVAILABLE })]) {
    let calls = 0;
    await t.throwsAsync(
      followUnary(async () => {
        calls++;
        throw error;
      }),
    );
    t.is(calls, 1);
  }
});

test('a stream is followed before its first item, and never after', async (t) => {
  async function* of(...items: (number | Error)[]): AsyncGenerator<number, void, void> {
    for (const item of items) {
      if (item instanceof Error) throw item;
      yield item;
    }
  }
  const read = async (start: Parameters<typeof followStream<number>>[0]) => {
    const items: number[] = [];
    for await (const item of followStream(start)) items.push(item);
    return items;
  };
  t.deepEqual(await read((replica) => (replica === undefined ? of(elsewhere('b:1')) : of(1, 2))), [1, 2]);
  await t.throwsAsync(read((replica) => (replica === undefined ? of(1, elsewhere('b:1')) : of(2))));
  await t.throwsAsync(read(() => of(elsewhere('b:1'))));
});

test('leaving a followed stream leaves the one that is read', async (t) => {
  const left: (string | undefined)[] = [];
  async function* start(replica: string | undefined): AsyncGenerator<number, void, void> {
    try {
      if (replica === undefined) throw elsewhere('b:1');
      yield 1;
    } finally {
      left.push(replica);
    }
  }
  for await (const _ of followStream(start)) break;
  t.deepEqual(left, [undefined, 'b:1']);
});
