import type { OutcomeCell, OutcomeChart, OutcomeTable, ReproducedExperiment, Reproduction } from '../../lab/index.js';
import { basisText, commonBasis, intervalText, numbersOf, shortText } from './figure-text.js';

/** The report of a reproduction as Markdown: charts as tables of their points. */
export function reproductionMarkdown(reproduction: Reproduction): string {
  const { scale, warning, caveat, experiments, robustgate, commit, provenance } = reproduction;
  return `${[
    `# Reproduction at scale ${scale}`,
    '“Multitask Learning Strengthens Adversarial Robustness” (Mao et al., ECCV 2020, arXiv:2007.07236)',
    ...(warning === undefined ? [] : [`> **${warning}**`]),
    ...(caveat === undefined ? [] : [caveat]),
    'A claim is reproduced if the 95 % intervals of all of its comparisons lie on its side of 0, not reproduced if one lies on the other side, and else inconclusive. Intervals are over seeds where there are three or more, else over images of the same models, resampled in pairs; those say nothing of how another training would have come out.',
    ...experiments.flatMap(experimentLines),
    '## Provenance',
    [
      `- robustgate ${robustgate}, commit ${commit ?? 'unknown'}`,
      ...provenance.map((text) => `- attacks by ${text}`),
    ].join('\n'),
  ].join('\n\n')}\n`;
}

function experimentLines({
  title,
  setting,
  claims,
  tables,
  charts,
  measured,
  planned,
  doubts,
}: ReproducedExperiment): readonly string[] {
  return [
    `## ${title}`,
    ...(measured < planned ? [`**${measured} of ${planned} cells are measured so far.**`] : []),
    setting.map((sentence) => `- ${sentence}`).join('\n'),
    claims
      .map(({ text, source, verdict, reason }) => {
        const whose = source === 'paper' ? '' : ` (${source})`;
        return `- **${verdict}**: ${text}${whose}${reason === '' ? '' : ` ${reason}.`}`;
      })
      .join('\n'),
    ...tables.flatMap(tableLines),
    ...charts.flatMap(chartLines),
    ...(doubts.length === 0 ? [] : [`${doubts.length} doubts about attacks: ${doubts.join('; ')}`]),
  ];
}

function tableLines(table: OutcomeTable): readonly string[] {
  const { title, unit, higherIsBetter, columns, rows } = table;
  const basis = commonBasis(numbersOf(table));
  return [
    `### ${title}: ${unit} ${higherIsBetter ? '↑' : '↓'}`,
    `Ours, its interval, and in brackets the paper's.${basis === undefined ? '' : ` ${basis}.`}`,
    markdownTable(
      ['', ...columns],
      rows.map(({ label, cells }) => [label, ...cells.map((cell) => cellText(cell, basis !== undefined))]),
    ),
  ];
}

function cellText({ ours, paper }: OutcomeCell, isBasisTold: boolean): string {
  const basis = ours === undefined || isBasisTold ? [] : [`(${basisText(ours)})`];
  return [
    ours === undefined ? '–' : shortText(ours.value),
    ...(ours === undefined ? [] : [intervalText(ours)]),
    ...basis,
    ...(paper === undefined ? [] : [`[${paper}]`]),
  ]
    .filter((part) => part !== '')
    .join(' ');
}

function chartLines({ title, x, y, series }: OutcomeChart): readonly string[] {
  const basis = commonBasis(series.flatMap(({ points }) => points.map(({ measured }) => measured)));
  const places = [...new Set(series.flatMap(({ points }) => points.map((point) => point.x)))];
  const at = (points: OutcomeChart['series'][number]['points'], place: number | string): string => {
    const measured = points.find((point) => point.x === place)?.measured;
    return measured === undefined ? '–' : cellText({ ours: measured, paper: undefined }, basis !== undefined);
  };
  return [
    `### ${title}: ${y.title}`,
    ...(basis === undefined ? [] : [`${basis}.`]),
    markdownTable(
      [x.title, ...series.map(({ name }) => name)],
      places.map((place) => [String(place), ...series.map(({ points }) => at(points, place))]),
    ),
  ];
}

const markdownTable = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
