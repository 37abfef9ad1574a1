// Tries one execution provider: `node probe.js PROVIDER`. The report leaves by file descriptor 3, for drivers write to the others.
import { writeSync } from 'node:fs';
import { PROVIDERS, probeProvider } from '../../engine/index.js';

const provider = PROVIDERS.find((name) => name === process.argv[2]) ?? 'cpu';
writeSync(3, JSON.stringify(await probeProvider(provider)));
