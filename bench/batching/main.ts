// `npm run bench:batching`: what it does to predictions that those of different callers share a native call.
import { parseArgs } from 'node:util';
import { streetNetwork } from '../serving/networks.js';
import { type ServedNetwork, servedNetwork } from '../serving/served-network.js';
import { median } from '../statistics.js';

const CALLERS = [1, 4, 16];
/** Most examples of a call. */
const JOINT = 16;

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, count: { type: 'string', default: '200' } },
});
const network = await streetNetwork();
const [joint, alone] = [await servedNetwork(network, JOINT), await servedNetwork(network, 1)];
try {
  process.stdout.write(
    '| callers | p50 ms alone → joint | p99 ms alone → joint | predictions a second alone → joint | ratio |\n|---:|---:|---:|---:|---:|\n',
  );
  for (const callers of CALLERS) process.stdout.write(await row(callers));
} finally {
  await Promise.all([joint.close(), alone.close()]);
}

/** Turn and turn about: a machine that others slow down slows both. */
async function row(callers: number): Promise<string> {
  const sides = [alone, joint].map((served) => ({
    served,
    rounds: [] as Awaited<ReturnType<ServedNetwork['concurrent']>>[],
  }));
  for (let round = -1; round < Number(values.rounds); round++) {
    for (const { served, rounds } of sides) {
      const facts = await served.concurrent(callers, Number(values.count));
      if (round >= 0) rounds.push(facts);
    }
  }
  const both = (of: 'p50' | 'p99' | 'perSecond', digits: number): string =>
    sides.map(({ rounds }) => median(rounds.map((facts) => facts[of])).toFixed(digits)).join(' → ');
  const [before, after] = sides.map(({ rounds }) => rounds.map(({ perSecond }) => perSecond));
  const ratio = median((after ?? []).map((perSecond, i) => perSecond / (before?.[i] ?? Number.NaN)));
  return `| ${callers} | ${both('p50', 1)} | ${both('p99', 1)} | ${both('perSecond', 0)} | ${ratio.toFixed(2)} |\n`;
}
