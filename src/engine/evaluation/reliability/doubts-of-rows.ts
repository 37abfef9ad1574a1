import type { Doubt } from '../result.js';
import type { EvaluationRow } from '../row.js';

/** What rows alone say against the figures of their attack. */
export function doubtsOfRows(rows: readonly EvaluationRow[]): readonly Doubt[] {
  void rows;
  return [];
}
