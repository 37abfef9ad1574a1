import type { SqlValue } from './database.js';

/** A condition of a query. */
export interface Condition {
  readonly where: string;
  readonly values: readonly SqlValue[];
}

/** That columns have these values; a column without one may have any. */
export function matching(columns: Readonly<Record<string, SqlValue | undefined>>): Condition {
  const given = Object.entries(columns).flatMap(([column, value]) => (value === undefined ? [] : [{ column, value }]));
  return {
    where: ['TRUE', ...given.map(({ column }) => `${column} = ?`)].join(' AND '),
    values: given.map(({ value }) => value),
  };
}
