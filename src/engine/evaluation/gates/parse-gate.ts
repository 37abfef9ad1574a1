import { parseSpec } from '../../runs/parse-spec.js';
import { TextScanner } from '../../runs/text-scanner.js';

const COMPARISONS = ['>=', '<=', '>', '<'] as const;
export type Comparison = (typeof COMPARISONS)[number];

/** A gate as it was written. */
export interface WrittenGate {
  readonly text: string;
  readonly task: string;
  readonly metric: string;
  readonly comparison: Comparison;
  readonly threshold: number;
  /** Whether the threshold was given in percent. */
  readonly isPercent: boolean;
  /** `clean`, the text form of an attack or a part of it, or nothing. */
  readonly condition: string;
}

/**
 * Reads a gate:
 *
 *   TASK.METRIC (>= | > | <= | <) NUMBER[%] [@ SPEC | @ clean]
 *
 * `TASK.clean_METRIC` is the same as `@ clean`.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when the text is no gate; the message says what was expected, what was got and
 *   at which column.
 */
export function parseGate(text: string): WrittenGate {
  const scanner = new TextScanner(text, 'the gate');
  const figure = scanner.word('TASK.METRIC');
  const dot = figure.text.lastIndexOf('.');
  if (dot < 1 || dot === figure.text.length - 1) scanner.fail('TASK.METRIC', figure.column, figure.text);
  const [task, name] = [figure.text.slice(0, dot), figure.text.slice(dot + 1)];
  const comparison = COMPARISONS.find((symbol) => scanner.skip(symbol)) ?? scanner.fail(COMPARISONS.join(', '));
  const number = scanner.number();
  const isPercent = scanner.skip('%');
  const condition = scanner.skip('@') ? scanner.rest().text : '';
  scanner.expectEnd('`%`, `@` or the end');
  // The column of an error inside it is that of the attack alone.
  if (condition !== '' && condition !== 'clean') parseSpec(condition);
  const isClean = name.startsWith('clean_');
  return {
    text,
    task,
    metric: isClean ? name.slice('clean_'.length) : name,
    comparison,
    threshold: isPercent ? number / 100 : number,
    isPercent,
    condition: isClean ? 'clean' : condition,
  };
}
