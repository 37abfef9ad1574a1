import test from 'ava';
import { probeBackend } from '../../../../src/engine/models/tfjs/backend-probe.js';
import { openBackend } from '../../../../src/engine/models/tfjs/open-backend.js';
import { isInstalled, nodeProblem } from '../../../../src/engine/models/tfjs/optional-backends.js';
import { BUNDLED, onBackend, valuesOf } from '../../../support/tfjs.js';

test('the bundled backends work everywhere', async (t) => {
  for (const backend of BUNDLED) {
    const report = await probeBackend(backend);
    t.like(report, { backend, works: true, reason: '' });
    t.regex(report.device, backend === 'wasm' ? /^WebAssembly with SIMD/ : /^JavaScript/);
  }
});

for (const backend of ['tensorflow', 'webgpu'] as const) {
  test(`${backend} says what to install where it is not`, async (t) => {
    const { works, reason } = await probeBackend(backend);
    t.is(works, reason === '');
    if (!isInstalled(backend)) t.regex(reason, /^.*@tensorflow\/tfjs-.* not installed: npm install .+$/);
  });
}

test('the native package of TF.js 4.22.0 is refused by name on a Node that took away what it calls', (t) => {
  t.is(
    nodeProblem('4.22.0', 'v24.1.0', false),
    'works on Node 18 to 22, for it calls util.isNullOrUndefined, which Node 23 took away; this is v24.1.0',
  );
  t.is(nodeProblem('4.22.0', 'v22.0.0', true), undefined);
  t.is(nodeProblem('4.23.0', 'v24.1.0', false), undefined);
});

test('backends that are asked for at once are all there', async (t) => {
  const opened = await Promise.all(BUNDLED.toReversed().map((backend) => openBackend(backend, () => undefined)));
  t.deepEqual(
    opened.map(({ backend }) => backend),
    BUNDLED.toReversed(),
  );
});

test.serial(
  'a kernel that WebAssembly has not is computed by the CPU, which is told once, and leaves nothing behind',
  async (t) => {
    const messages: string[] = [];
    const { tf } = await onBackend('wasm', (message) => messages.push(message));
    const run = (): number[] =>
      valuesOf(tf.tidy(() => tf.unsortedSegmentSum(tf.tensor1d([1, 2, 4]), tf.tensor1d([1, 0, 1], 'int32'), 2)));
    const cpu = tf.findBackend('cpu') as unknown as { numDataIds(): number };
    const before = { ...tf.memory(), cpu: cpu.numDataIds() };
    t.deepEqual(run(), [2, 5]);
    t.deepEqual(run(), [2, 5]);
    t.deepEqual(messages, ['TF.js has no kernel UnsortedSegmentSum for wasm: the CPU computes it, slowly']);
    t.deepEqual({ ...tf.memory(), cpu: cpu.numDataIds() }, before);
  },
);
