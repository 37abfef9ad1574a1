import type { Reproduction } from '../../lab/index.js';
import { formatTable } from '../format.js';

/** What became of each claim, for a terminal. */
export function reproductionText({ experiments, warning }: Reproduction): string {
  const rows = experiments.flatMap(({ name, claims, measured, planned }) =>
    claims.map(({ text, verdict }, i) => [i === 0 ? name : '', i === 0 ? `${measured}/${planned}` : '', verdict, text]),
  );
  const table = formatTable(['experiment', 'cells', 'verdict', 'claim'], rows, [0, 2, 3]);
  return warning === undefined ? table : `${table}${warning}\n`;
}
