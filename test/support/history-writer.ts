// A process that writes runs into a history for ever, and says what was acknowledged: a line for each, once the store has returned.
import { writeSync } from 'node:fs';
import { parseGatewayConfig } from '../../src/server/config.js';
import { RunStore } from '../../src/server/runs/run-store.js';
import { openStore } from '../../src/server/store/open-store.js';
import { messageOf, PARTS, storedRun } from './stored-runs.js';

const [path = '', prefix = ''] = process.argv.slice(2);
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
const config = parseGatewayConfig({ modelRepository: '/models', history: { path } });
const store = new RunStore(await openStore(config, silent), config.history);
const tell = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);

for (let n = 0; ; n++) {
  const id = `${prefix}-${n}`;
  const sequence = store.insert(storedRun(id));
  tell({ id, messages: 0 });
  for (let result = 0; result < 3; result++) {
    const parts = Array.from({ length: PARTS }, (_, i) => messageOf(id, result * PARTS + i));
    const isLast = result === 2;
    store.append(sequence, parts, isLast ? { state: 'completed', finishedMs: n } : { examplesDone: result + 1 });
    tell({ id, messages: (result + 1) * PARTS, ...(isLast && { state: 'completed' }) });
  }
}
