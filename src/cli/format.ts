import type { MetricValue } from '../contract/robustgate/v1/metric.js';

/** Columns of cells, aligned: numbers (by default all but the first column) to the right. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  leftColumns: readonly number[] = [0],
): string {
  const lines = [header, ...rows];
  const widths = header.map((_, c) => Math.max(...lines.map((line) => (line[c] ?? '').length)));
  const format = (line: readonly string[]): string =>
    widths
      .map((width, c) => (leftColumns.includes(c) ? (line[c] ?? '').padEnd(width) : (line[c] ?? '').padStart(width)))
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return `${[format(header), rule, ...rows.map(format)].join('\n')}\n`;
}

/** A number with four digits; `–` where nothing counts. */
export const valueText = (value: number | undefined): string => (value === undefined ? '–' : numberText(value));

/** A metric's value. */
export const metricText = (metric: Pick<MetricValue, 'value'> | undefined): string => valueText(metric?.value);

/** What a metric is: its name, its unit, and an arrow to where it is better. */
export const metricTitle = ({ metric, unit, higherIsBetter }: MetricTitle): string =>
  `${metric}${unit === '' ? '' : ` in ${unit}`} ${higherIsBetter ? '↑' : '↓'}`;

interface MetricTitle {
  readonly metric: string;
  /** Empty for ratios. */
  readonly unit: string;
  readonly higherIsBetter: boolean;
}

/** A number with about four significant digits, as short as it can be told. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return `${value}`;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(3);
  return value.toFixed(size >= 1000 ? 1 : size >= 100 ? 2 : size >= 10 ? 3 : 4);
}

/** A time in the unit that suits it. */
export function secondsOf(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}

/** The name of a member of an enum of the contract. */
export const enumName = (members: Readonly<Record<string, number>>, value: number): string =>
  Object.keys(members).find((name) => members[name] === value) ?? `${value}`;

/** The word for the name of such a member: `EARLY_STOP` is `early-stop`. */
export const wordOf = (name: string): string => name.toLowerCase().replaceAll('_', '-');
