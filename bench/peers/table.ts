import { cpus } from 'node:os';
import type { Facts, Side } from './measure.js';

/** Libraries of attacks that a table has columns of, by the names that torch_step.py gives them. */
export const LIBRARIES = { foolbox: 'Foolbox', torchattacks: 'torchattacks', art: 'ART' } as const;

/** What was measured with: one line. */
export function heading({ versions }: Facts, threads: number): string {
  const [cpu] = cpus();
  const parts = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${cpu?.model ?? 'unknown CPU'} (${cpus().length} cores), ${threads} threads, ${parts.join('; ')}.\n`;
}

/** One table in Markdown, and the geometric mean of the ratios of steps. */
export function table(rows: readonly Facts[]): string {
  const names = Object.values(LIBRARIES).map((title) => `${title} ms`);
  const columns = [
    'batch',
    'ours ms',
    'PyTorch ms',
    'ours ÷ PyTorch',
    'ours ÷ 2 own forwards',
    'forward ms, ours / PyTorch',
    'peak MiB, ours / PyTorch',
    'ours ÷ PyTorch',
    'compile s',
    ...names,
  ];
  const lines = [['Network', ...columns], ['---', ...columns.map(() => '---:')], ...rows.map(cells)];
  const mean = Math.exp(rows.reduce((sum, row) => sum + Math.log(ratioOf(row)), 0) / rows.length);
  return `${lines.map((line) => `| ${line.join(' | ')} |\n`).join('')}
Geometric mean of ours ÷ PyTorch: ${mean.toFixed(2)}
`;
}

function cells(row: Facts): readonly string[] {
  const { network, batch, ours, torch, compileSeconds, libraries } = row;
  const pair = (of: (side: Side) => string): string => `${of(ours)} / ${of(torch)}`;
  return [
    network,
    `${batch}`,
    ms(ours.stepMs),
    ms(torch.stepMs),
    ratioOf(row).toFixed(2),
    (ours.stepMs / (2 * ours.forwardMs)).toFixed(2),
    pair(({ forwardMs }) => ms(forwardMs)),
    pair(({ peakBytes }) => (peakBytes / 2 ** 20).toFixed(0)),
    (ours.peakBytes / torch.peakBytes).toFixed(2),
    compileSeconds.toFixed(1),
    ...Object.keys(LIBRARIES).map((name) => libraryCell(libraries.get(name))),
  ];
}

function libraryCell(outcome: number | string | undefined): string {
  if (typeof outcome === 'number') return ms(outcome);
  return outcome === undefined ? 'not given' : '–';
}

const ratioOf = ({ ours, torch }: Facts): number => ours.stepMs / torch.stepMs;

const ms = (value: number): string => value.toFixed(value < 100 ? 1 : 0);
