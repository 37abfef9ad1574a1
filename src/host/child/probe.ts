// Tries what an engine computes with: `node probe.js ENGINE NAME`. The report leaves by file descriptor 3, for drivers write to the
// others.
import { writeSync } from 'node:fs';
import { PROVIDERS, probeBackend, probeProvider, TFJS_BACKENDS } from '../../engine/index.js';

const [, , engine, wanted] = process.argv;
const report =
  engine === 'tfjs'
    ? await probeBackend(TFJS_BACKENDS.find((name) => name === wanted) ?? 'cpu')
    : await probeProvider(PROVIDERS.find((name) => name === wanted) ?? 'cpu');
writeSync(3, JSON.stringify(report));
