import { MessagePort } from 'node:worker_threads';
import test from 'ava';
import { encodePng } from '../../../src/engine/index.js';
import { startImagePool } from '../../../src/server/images/image-pool.js';
import { toyInfo } from '../../support/toy-hosts.js';

const { input } = toyInfo({ name: 'toy', version: '1' });
const file = encodePng({ width: 2, height: 2, channels: 3, data: Uint8Array.from({ length: 12 }, (_, i) => i) });

test.serial('images are packed and unpacked on other threads, and the caller keeps what it gave', async (t) => {
  const pool = startImagePool({ maxPixels: 4, maxBytes: 1000 }, 1);
  t.teardown(() => pool.close());
  const outcome = await pool.decodeInput(file, input);
  if ('problem' in outcome) return t.fail(outcome.problem);
  const { pixels, shape } = outcome.value;
  const levels = Uint8Array.from(pixels);
  const again = await pool.encodeOutput(levels, shape, input);
  t.deepEqual(Buffer.from(again), Buffer.from(file));
  t.true(file.length > 0 && levels.length === 12);
  t.true('problem' in (await pool.decodeLabel(file.subarray(0, 40))));
});

test.serial('an image takes itself along, not the message that it came in', async (t) => {
  const pool = startImagePool({ maxPixels: 4, maxBytes: 1000 }, 1);
  t.teardown(() => pool.close());
  const message = Buffer.alloc(2 ** 20);
  message.set(file, 1000);
  const view = message.subarray(1000, 1000 + file.length);
  const sent: number[] = [];
  const { postMessage } = MessagePort.prototype;
  t.teardown(() => {
    MessagePort.prototype.postMessage = postMessage;
  });
  MessagePort.prototype.postMessage = function (this: MessagePort, message: { task?: { file: Uint8Array } }, ...rest) {
    if (message.task !== undefined) sent.push(message.task.file.buffer.byteLength);
    return postMessage.call(this, message, ...(rest as []));
  };
  t.true('value' in (await pool.decodeLabel(view)));
  t.deepEqual(sent, [file.length]);
});
