import type { LabelledTask } from './dataset.js';
import { invalidDataset } from './files.js';

/** How tasks find their labels in a layout. */
export interface SourceChoice<Source extends string> {
  /** Name of the option, for messages. */
  readonly option: string;
  /** What the configuration says, by name of the task. */
  readonly given: Readonly<Record<string, Source | 'none'>>;
  /**
   * What it is where the configuration says nothing: `none` where the layout has no labels for such a task, a list where it
   * could be several.
   */
  readonly guess: (task: LabelledTask) => Source | 'none' | readonly Source[];
  /** Form of the labels of a source. */
  readonly formOf: (source: Source) => LabelledTask['labelForm'];
}

/**
 * The source of each task's labels; tasks without are left out. A reconstruction has none: its label is the clean input.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when the option names a task that the model lacks, or a source of another
 *   form than the task's labels, or when it must name one.
 */
export function chooseSources<Source extends string>(
  tasks: readonly LabelledTask[],
  { option, given, guess, formOf }: SourceChoice<Source>,
): ReadonlyMap<LabelledTask, Source> {
  for (const name of Object.keys(given)) {
    if (tasks.some((task) => task.name === name)) continue;
    throw invalidDataset(`${option} of tasks of the model (${tasks.map((task) => task.name).join(', ')})`, name);
  }
  const chosen = new Map<LabelledTask, Source>();
  for (const task of tasks) {
    const named = Object.hasOwn(given, task.name) ? given[task.name] : undefined;
    const source = named ?? (task.isReconstruction ? 'none' : guess(task));
    if (source === 'none') continue;
    if (typeof source !== 'string') {
      throw invalidDataset(`${option}.${task.name} to be one of ${source.join(', ')}, none`, 'nothing');
    }
    if (task.isReconstruction) {
      throw invalidDataset(`${option}.${task.name}: none, for the label is always the clean input`, source);
    }
    const form = formOf(source);
    if (form !== task.labelForm) {
      throw invalidDataset(`${option}.${task.name} with labels of the form ${task.labelForm}`, `${source}: ${form}`);
    }
    chosen.set(task, source);
  }
  return chosen;
}
