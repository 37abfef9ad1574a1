import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { probeApart } from '../../../../src/host/probe-providers.js';
import { type Gradients, providerGradients } from '../../../support/provider-gradients.js';
import { testWith } from '../../../support/test-with.js';

const { signal } = new AbortController();
const { works, reason } = await probeApart('webgpu', { signal });

testWith(
  works ? undefined : reason,
  'gradients on WebGPU are those of the CPU within 1e-4 of their largest element, also of several models at once',
  async (t) => {
    const script = new URL('../../../support/provider-gradients.js', import.meta.url).pathname;
    // A process of its own, for a driver may take it with it.
    const { stdout } = await promisify(execFile)(process.execPath, [script, 'webgpu'], { maxBuffer: 2 ** 26 });
    const onWebGpu = JSON.parse(stdout) as Gradients;
    const onCpu = await providerGradients('cpu');
    t.deepEqual(Object.keys(onWebGpu), Object.keys(onCpu));
    for (const [name, { gradient, losses }] of Object.entries(onCpu)) {
      const other = onWebGpu[name];
      t.like(other, { provider: 'webgpu', fallbacks: [] }, name);
      t.true(distance(other?.gradient ?? [], gradient) < 1e-4, `${name}: gradient`);
      t.true(distance(other?.losses ?? [], losses) < 1e-4, `${name}: losses`);
    }
  },
);

/** The largest difference over the largest element. */
function distance(actual: readonly number[], expected: readonly number[]): number {
  let [difference, largest] = [0, 0];
  for (const [i, wanted] of expected.entries()) {
    difference = Math.max(difference, Math.abs((actual[i] ?? Number.NaN) - wanted));
    largest = Math.max(largest, Math.abs(wanted));
  }
  return difference / largest;
}
