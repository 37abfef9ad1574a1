import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import test from 'ava';
import { Channel } from '../../../src/host/wire/channel.js';

/** Two ends of a stream. */
async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const client = connect(port, '127.0.0.1');
  const [other] = (await once(server, 'connection')) as [Socket];
  server.close();
  return [client, other];
}

const silent = { onMessage: () => undefined, onClose: () => undefined };

test('a small urgent message overtakes a large one that is being sent', async (t) => {
  const [a, b] = await socketPair();
  const received: string[] = [];
  const both = new Promise<void>((resolve) => {
    new Channel(b, {
      ...silent,
      onMessage: (value) => {
        received.push((value as { name: string }).name);
        if (received.length === 3) resolve();
      },
    });
  });
  const channel = new Channel(a, silent);
  void channel.send({ name: 'large', data: new Uint8Array(30 * 2 ** 20) });
  void channel.send({ name: 'small' });
  void channel.send({ name: 'urgent' }, true);
  await both;
  t.deepEqual(received, ['urgent', 'small', 'large']);
  channel.close();
});

test('a message is accepted only once the stream has taken all of it', async (t) => {
  const [a, b] = await socketPair();
  b.pause();
  const channel = new Channel(a, silent);
  let isAccepted = false;
  const sent = channel.send({ data: new Uint8Array(50 * 2 ** 20) }).then(() => {
    isAccepted = true;
  });
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  t.false(isAccepted);
  b.resume();
  await sent;
  t.true(isAccepted);
  channel.close();
});

test('100 MB there and back leave the event loop free', async (t) => {
  const [a, b] = await socketPair();
  const echo: Channel = new Channel(b, { ...silent, onMessage: (value) => void echo.send(value) });
  const back = new Promise<Uint8Array>((resolve) => {
    const channel: Channel = new Channel(a, {
      ...silent,
      onMessage: (value) => resolve((value as { data: Uint8Array }).data),
    });
    void channel.send({ data: new Uint8Array(100 * 2 ** 20).fill(7) });
  });
  let [last, largestGap] = [performance.now(), 0];
  const timer = setInterval(() => {
    largestGap = Math.max(largestGap, performance.now() - last);
    last = performance.now();
  }, 1);
  const data = await back;
  clearInterval(timer);
  t.is(data.length, 100 * 2 ** 20);
  t.true(data.every((byte) => byte === 7));
  // By one copy of the whole it would be some 600 ms.
  t.true(largestGap < 200, `the event loop stood still for ${largestGap} ms`);
  a.destroy();
});

test('what waits is refused when the other end goes, and the end is told once', async (t) => {
  const [a, b] = await socketPair();
  b.pause();
  let closes = 0;
  const channel = new Channel(a, { ...silent, onClose: () => closes++ });
  const sent = channel.send({ data: new Uint8Array(50 * 2 ** 20) });
  b.destroy();
  await t.throwsAsync(sent);
  await t.throwsAsync(channel.send({}), { message: 'expected an open channel, got a closed one' });
  t.is(closes, 1);
});

test('bytes that make no sense close the channel with the reason', async (t) => {
  const [a, b] = await socketPair();
  const closed = new Promise<Error | undefined>((resolve) => new Channel(a, { ...silent, onClose: resolve }));
  b.write(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
  t.regex((await closed)?.message ?? '', /expected frames of version 2/);
});
