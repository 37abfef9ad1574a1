import test from 'ava';
import {
  FIGURE_7_ATTACKED,
  FIGURE_7_CLEAN,
  FIGURE_7_TASKS,
  type PrintedRow,
} from '../../../src/lab/experiments/printed/figure-7.js';
import { printedValue } from '../../../src/lab/experiments/printed/printed-table.js';
import { TABLE_1_DEPTH, TABLE_1_SEGMENTATION } from '../../../src/lab/experiments/printed/table-1.js';
import { TABLE_2_DEPTH, TABLE_2_SEGMENTATION } from '../../../src/lab/experiments/printed/table-2.js';
import { TABLE_3_DEPTH, TABLE_3_SEGMENTATION } from '../../../src/lab/experiments/printed/table-3.js';

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const offDiagonal = (rows: readonly PrintedRow[]): readonly number[] =>
  rows.flatMap(({ improvement }, i) => improvement.filter((_, j) => j !== i));

for (const [name, rows, mean, better] of [
  ['attacked', FIGURE_7_ATTACKED, 10.23, 88],
  ['clean', FIGURE_7_CLEAN, 1.98, 70],
] as const) {
  test(`the ${name} matrix of Fig. 7 has the means that the paper prints`, (t) => {
    t.deepEqual(
      rows.map(({ task }) => task),
      [...FIGURE_7_TASKS],
    );
    for (const [i, row] of rows.entries()) {
      t.is(row.improvement.length, FIGURE_7_TASKS.length);
      t.is(row.improvement[i], 0);
      const own = meanOf(row.improvement.filter((_, j) => j !== i));
      t.true(Math.abs(own - row.mean) < 0.0051, `${row.title}: ${own} and ${row.mean}`);
    }
    t.is(meanOf(offDiagonal(rows)).toFixed(2), String(mean));
    t.is(offDiagonal(rows).filter((value) => value > 0).length, better);
  });
}

test('every row of a table has a number or a dash for each column', (t) => {
  const tables = [
    TABLE_1_SEGMENTATION,
    TABLE_1_DEPTH,
    TABLE_2_SEGMENTATION,
    TABLE_2_DEPTH,
    TABLE_3_SEGMENTATION,
    TABLE_3_DEPTH,
  ];
  for (const { columns, rows } of tables) {
    for (const values of Object.values(rows)) t.is(values.length, columns.length);
  }
  t.is(printedValue(TABLE_2_SEGMENTATION, 'Houdini100', 'sA'), 6.24);
  t.is(printedValue(TABLE_2_DEPTH, 'PGD50', 'ds'), 9.07);
  t.is(printedValue(TABLE_2_DEPTH, 'Houdini100', 'ds'), undefined);
});

test('Table 2 hurts more from attack to attack, as the paper prints it', (t) => {
  const order = (rows: Readonly<Record<string, readonly (number | undefined)[]>>, sign: number): void => {
    const lines = Object.values(rows);
    for (const [i, line] of lines.slice(1).entries()) {
      for (const [j, value] of line.entries()) t.true(sign * ((lines[i]?.[j] ?? 0) - (value ?? 0)) > 0);
    }
  };
  order(TABLE_2_SEGMENTATION.rows, 1);
  order(TABLE_2_DEPTH.rows, -1);
});
