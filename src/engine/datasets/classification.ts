import { join } from 'node:path';
import { assemble } from './assemble.js';
import type { Dataset, LabelledTask } from './dataset.js';
import type { ConfigOf } from './dataset-config.js';
import { type FileReading, invalidDataset, listFolder, nameSome, readImage, walkFiles } from './files.js';

/** Names of image files that we decode. */
export const IMAGE_FILE = /\.(png|jpe?g)$/i;

/**
 * Folders of images: `<class>/<file>`, PNG or JPEG. The class is the place of the folder in the class names of the task,
 * where these name all folders, else its place among the folders in order. Keys are `<class>/<file>`.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when there is no image, no task of classes, or several and none is named, or
 *   when the folders are not the classes that the task names.
 */
export async function openClassification(
  config: ConfigOf<'classification'>,
  tasks: readonly LabelledTask[],
  name: string,
  reading: FileReading,
): Promise<Dataset> {
  const { root, kind } = config;
  const task = labelledTask(tasks, config.task);
  const { folders } = await listFolder(root, 'folders of classes');
  const classes = classesOf(folders, task);
  const entries = new Map<string, number>();
  for (const [folder, id] of classes) {
    for (const file of await walkFiles(join(root, folder), 'a folder of images')) {
      if (IMAGE_FILE.test(file)) entries.set(`${folder}/${file}`, id);
    }
  }
  const files = [...entries].map(([key, id]) => [key, { path: join(root, key), id }] as const);
  return assemble({
    name,
    kind,
    place: `${root}/<class>/<file> with .png, .jpg or .jpeg`,
    meaning: { classes: folders },
    entries: new Map(files),
    read: async ({ path, id }) => ({
      input: { form: 'file', data: (await readImage(path, 'an image', reading)).file },
      labels: new Map([[task.name, { data: Float32Array.of(id), shape: [] }]]),
    }),
  });
}

function labelledTask(tasks: readonly LabelledTask[], wanted: string | undefined): LabelledTask {
  const able = tasks.filter(({ labelForm, name }) => labelForm === 'class' && (wanted ?? name) === name);
  const [task, ...others] = able;
  if (task !== undefined && others.length === 0) return task;
  const what =
    wanted === undefined ? 'one classification in the model, or its name in `task`' : 'a classification in `task`';
  throw invalidDataset(what, wanted ?? (able.map(({ name }) => name).join(', ') || 'none'));
}

/** The class of each folder. */
function classesOf(folders: readonly string[], { name, classes }: LabelledTask): ReadonlyMap<string, number> {
  const unnamed = folders.filter((folder) => !classes.includes(folder));
  if (unnamed.length === 0) return new Map(folders.map((folder) => [folder, classes.indexOf(folder)]));
  // Numbers by order would be wrong without a word where one folder is misspelt, or where one is missing.
  if (unnamed.length < folders.length) {
    throw invalidDataset(`folders with names of classes of ${name}`, `also ${nameSome(unnamed)}`);
  }
  if (classes.length > 0 && classes.length !== folders.length) {
    throw invalidDataset(
      `folders with names of classes of ${name} (${nameSome(classes)}), or one folder for each`,
      `${folders.length}: ${nameSome(folders)}`,
    );
  }
  return new Map(folders.map((folder, id) => [folder, id]));
}
