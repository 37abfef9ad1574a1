// Stands in for a process that tries a provider: what it does, the name of the provider says.
import { writeSync } from 'node:fs';

const provider = process.argv[3];
process.stdout.write('noise of a driver\n');
if (provider === 'webgpu') {
  process.stderr.write('loading\ndevice lost\n');
  process.kill(process.pid, 'SIGSEGV');
} else if (provider === 'cuda') {
  setInterval(() => undefined, 1000);
} else {
  const isThere = provider === 'cpu';
  writeSync(3, JSON.stringify({ provider, isThere, works: isThere, reason: isThere ? '' : 'none', device: 'a core' }));
}
