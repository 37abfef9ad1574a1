import test from 'ava';
import type { EngineError } from '../../../../src/engine/errors.js';
import { linearSource, openNetwork } from '../../../support/small-models.js';

/** One that no binding for this platform has. */
const missing = process.platform === 'darwin' ? 'dml' : 'coreml';

const source = (providers: readonly string[]) => {
  const linear = linearSource([{ name: 'y', weights: [[1, 2]], bias: [0] }], ['name: y, kind: regression']);
  return { ...linear, configText: `providers: [${providers}]\n${linear.configText}` };
};

test('the CPU computes where nothing else is said', async (t) => {
  const { configText, ...linear } = source(['cpu']);
  const { info } = await openNetwork(t, { ...linear, configText: configText.replace(/^providers.*\n/, '') });
  t.like(info, { provider: 'cpu', providerFallbacks: [] });
});

test('a provider that is not there is passed over, and the model says why', async (t) => {
  const { info } = await openNetwork(t, source([missing, 'cpu']));
  t.is(info.provider, 'cpu');
  t.is(info.providerFallbacks.length, 1);
  t.regex(info.providerFallbacks[0] ?? '', new RegExp(`^${missing}: onnxruntime-node has no ${missing} for `));
});

test('without the CPU among the providers the model is refused where none works', async (t) => {
  const error = await t.throwsAsync<EngineError>(openNetwork(t, source([missing])));
  t.is(error?.code, 'RUNTIME_UNAVAILABLE');
  t.regex(
    error?.message ?? '',
    new RegExp(`expected one of the providers ${missing} .*, got: ${missing}: onnxruntime`),
  );
});
