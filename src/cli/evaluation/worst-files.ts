import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type EvaluationRow, type FigureTask, type Shard, worstOf } from '../../engine/index.js';
import { writeWhole } from '../files.js';

/** Name of the folder of a shard's worst examples, beside its rows. */
export const worstFolderName = ({ index, count }: Shard): string => `worst-${index}-of-${count}`;

/** Name of a file in it, without its extension. */
export const worstName = ({ attack, index }: Pick<EvaluationRow, 'attack' | 'index'>): string => `${attack}-${index}`;

/** An attacked example with its adversarial image as a PNG file. */
export interface PicturedRow {
  readonly row: EvaluationRow;
  readonly png: Uint8Array;
}

/**
 * Keeps the adversarial images of the worst examples of each attack on disk, at most 8 of each, while rows come.
 *
 * @param rows all rows of the shard so far, those of `pictured` included
 */
export async function keepWorst(
  folder: string,
  tasks: readonly FigureTask[],
  rows: readonly EvaluationRow[],
  pictured: readonly PicturedRow[],
): Promise<void> {
  const attacks = new Set(pictured.map(({ row }) => row.attack));
  for (const attack of attacks) {
    const own = rows.filter((row) => row.attack === attack);
    const worst = new Set(worstOf(own, tasks));
    const names = new Set(own.filter(({ key }) => worst.has(key)).map(worstName));
    await mkdir(folder, { recursive: true });
    for (const { row, png } of pictured) {
      if (row.attack === attack && names.has(worstName(row)))
        await writeWhole(join(folder, `${worstName(row)}.png`), png);
    }
    for (const file of await readdir(folder)) {
      const isOutdone = file.startsWith(`${attack}-`) && !names.has(file.replace(/\.\w+$/, ''));
      if (isOutdone) await rm(join(folder, file));
    }
  }
}
