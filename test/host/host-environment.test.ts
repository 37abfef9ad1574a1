import test from 'ava';
import { hostEnvironment } from '../../src/host/host-environment.js';

test('a host gives freed memory back to the system and computes with whole floats, unless its parent says otherwise', (t) => {
  t.deepEqual(hostEnvironment({ HOME: '/home/a' }), {
    HOME: '/home/a',
    MALLOC_MMAP_THRESHOLD_: '131072',
    NVIDIA_TF32_OVERRIDE: '0',
  });
  t.like(hostEnvironment({ MALLOC_MMAP_THRESHOLD_: '1' }), { MALLOC_MMAP_THRESHOLD_: '1' });
});
