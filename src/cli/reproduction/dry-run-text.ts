import { existsSync } from 'node:fs';
import { cellText, type EstimatedItem, modelText, secondsLeft, type WorkItem } from '../../lab/index.js';
import { formatTable, secondsOf } from '../format.js';

/** A real dataset that a plan needs. */
export interface ExpectedFolder {
  readonly layout: string;
  /** Where it should be; `undefined` where nobody said. */
  readonly path: string | undefined;
}

/** What would be done, with how long each thing takes: scenes, models and cells in their order. */
export function dryRunText(items: readonly EstimatedItem[], folders: readonly ExpectedFolder[]): string {
  const rows = items.map(({ item, isDone, seconds }) => [itemText(item), isDone ? 'done' : secondsOf(seconds)]);
  const count = (kind: WorkItem['kind']): string => {
    const all = items.filter((each) => each.item.kind === kind);
    return `${all.filter(({ isDone }) => !isDone).length} of ${all.length}`;
  };
  return [
    formatTable(['what', 'time'], rows),
    `${count('data')} datasets, ${count('model')} models and ${count('cell')} cells are missing: about ${secondsOf(secondsLeft(items))}, by multiplications and the rate of what is finished, else of two usual cores\n`,
    ...folders.map(({ layout, path }) => {
      if (path === undefined) return `${layout}: expected in a folder of this name below --data, which is not given\n`;
      return `${layout}: expected in ${path}: ${existsSync(path) ? 'there' : 'not there'}\n`;
    }),
  ].join('');
}

/** An item in a line. */
export function itemText(item: WorkItem): string {
  switch (item.kind) {
    case 'data': {
      const { layout, made } = item.data;
      if (made === undefined) return `dataset ${layout}`;
      const { train, validation, height, width } = made;
      return `${train} + ${validation} scenes of ${height}×${width} in the layout of ${layout}`;
    }
    case 'model':
      return `train ${modelText(item.model)}`;
    case 'cell':
      return `measure ${cellText(item.cell)}`;
  }
}
