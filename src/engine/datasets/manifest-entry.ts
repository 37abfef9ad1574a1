import { isAbsolute, win32 } from 'node:path';
import { z } from 'zod';
import type { LabelledTask } from './dataset.js';
import { invalidDataset } from './files.js';

const path = z.string().superRefine((text, context) => {
  const problem = pathProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
});

const line = z.strictObject({
  key: z.string().min(1).optional(),
  image: path,
  labels: z.record(z.string(), z.union([z.number(), z.array(z.number()).min(1), path])).default({}),
});

/** A label as a manifest has it: a number, a list of numbers, or a file. */
export type ManifestLabel = z.output<typeof line>['labels'][string];

/** One line of a manifest. */
export interface ManifestEntry {
  readonly key: string;
  /** Path of the input, relative to the folder of the manifest. */
  readonly image: string;
  readonly labels: readonly (readonly [task: LabelledTask, label: ManifestLabel])[];
}

/**
 * Reads one line of a manifest.
 *
 * @param at the file and number of the line, for messages
 * @returns the entry, and all labels of the line
 * @throws EngineError `INVALID_DATASET`. Thrown when it is no such object, or a label does not fit its task.
 */
export function parseManifestLine(
  text: string,
  at: string,
  tasks: readonly LabelledTask[],
  otherTasks: 'refuse' | 'skip',
): { readonly entry: ManifestEntry; readonly given: Readonly<Record<string, ManifestLabel>> } {
  const { key, image, labels: given } = parseObject(text, at);
  const labels = Object.entries(given).flatMap(([name, label]) => {
    const task = tasks.find((candidate) => candidate.name === name);
    if (task === undefined) {
      if (otherTasks === 'skip') return [];
      const names = tasks.map((candidate) => candidate.name).join(', ');
      throw invalidDataset(`${at}: labels of tasks of the model (${names}); otherTasks: skip passes others over`, name);
    }
    const problem = labelProblem(label, task);
    if (problem !== undefined) throw invalidDataset(`${at}: labels.${name}: ${problem}`, describe(label));
    return [[task, label] as const];
  });
  checkExtension(image, INPUT_FILE, '.png, .jpg, .jpeg or .npy', `${at}: image`);
  return { entry: { key: key ?? image, image, labels }, given };
}

function parseObject(text: string, at: string): z.output<typeof line> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidDataset(`${at}: a JSON object`, (cause as Error).message, cause);
  }
  const result = line.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path: where, message }) => [...where.map(String), message].join(': '));
  throw invalidDataset(`${at}: {"key", "image", "labels"}`, issues.join('; '));
}

const INPUT_FILE = /\.(png|jpe?g|npy)$/i;
const LABEL_FILE = /\.(png|npy)$/i;

/** What is wrong with a path that must not leave the folder it is relative to, and be the same on every system. */
function pathProblem(text: string): string | undefined {
  if (text === '' || text.includes('\0')) return 'expected a path, got none';
  if (isAbsolute(text) || win32.isAbsolute(text)) return `expected a path relative to the manifest, got ${text}`;
  if (text.includes('\\')) return `expected / between the names of a path, got ${text}`;
  if (text.split('/').includes('..')) return `expected a path in the folder of the manifest, got ${text}`;
  return undefined;
}

/** What a label should be, where it is not that. */
function labelProblem(label: ManifestLabel, { labelForm, isReconstruction }: LabelledTask): string | undefined {
  if (isReconstruction) return 'no label, for it is always the clean input';
  if (typeof label === 'string') {
    if (!LABEL_FILE.test(label)) return 'a .png or .npy file';
    const takesPng = labelForm === 'class-map' || labelForm === 'numbers';
    return takesPng || !/\.png$/i.test(label) ? undefined : 'numbers or a .npy file';
  }
  if (Array.isArray(label)) {
    return labelForm === 'multi-label' || labelForm === 'numbers' ? undefined : WANTED[labelForm];
  }
  if (labelForm === 'numbers') return undefined;
  return labelForm === 'class' && Number.isInteger(label) && label >= 0 ? undefined : WANTED[labelForm];
}

const WANTED: Readonly<Record<LabelledTask['labelForm'], string>> = {
  class: 'a class, a whole number from 0 on',
  'class-map': 'a .png or .npy file of classes',
  'multi-label': 'a list with a number for each class',
  numbers: 'numbers',
};

const describe = (label: ManifestLabel): string => (Array.isArray(label) ? 'a list' : String(label));

function checkExtension(file: string, pattern: RegExp, wanted: string, at: string): void {
  if (!pattern.test(file)) throw invalidDataset(`${at}: a file with ${wanted}`, file);
}
