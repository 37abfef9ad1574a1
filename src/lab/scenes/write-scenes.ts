import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Tinypool } from 'tinypool';
import { SPLITS, type Split } from './scene-file.js';
import { checkSceneRequest, invalid, SCENE_KINDS, type SceneRequest } from './scene-kinds.js';
import type { SceneTask } from './scene-work.js';

/** Where scenes go, and how many. */
export interface WritingOptions {
  /** Folder of the dataset; it is made. Both splits may be in one. */
  readonly root: string;
  /** Scenes of the split, ≥ 1: those with the indices 0 … count − 1. */
  readonly count: number;
  /** Worker threads, ≥ 1. */
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** How far the writing is. */
export interface WritingProgress {
  /** Scenes that are there, those that were kept included. */
  readonly done: number;
  readonly total: number;
  /** Scenes that were there before. */
  readonly kept: number;
}

/** Part of the name of the description beside the folders of a layout. Raise it when the same seed gives other bytes. */
const GENERATOR = 1;
/** Scenes that a thread writes at a time. */
const BATCH = 8;

/**
 * Writes scenes in the layout of their kind on worker threads, and yields after each few. A scene is there whole or not at all;
 * those that are there are kept, so that a run that was killed goes on where it was. `scenes-<split>.json` says what was asked
 * for.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when the request is out of range, or the folder holds other images of the split.
 */
export async function* writeScenes(
  request: SceneRequest,
  { root, count, threads, signal }: WritingOptions,
): AsyncGenerator<WritingProgress, void, void> {
  checkSceneRequest(request);
  if (!(Number.isInteger(count) && count >= 1)) throw invalid('a count ≥ 1', `${count}`);
  signal.throwIfAborted();
  await claim(root, request);
  const missing = await missingScenes(root, request, count);
  const kept = count - missing.length;
  yield { done: kept, total: count, kept };
  if (missing.length === 0) return;
  const staging = await mkdtemp(join(root, '.unfinished-'));
  const pool = new Tinypool({
    filename: fileURLToPath(new URL('./scene-work.js', import.meta.url)),
    runtime: 'worker_threads',
    minThreads: 0,
    maxThreads: threads,
  });
  try {
    const tasks = batches(missing).map((indices): SceneTask => ({ request, root, staging, indices }));
    const run = async (task: SceneTask): Promise<number> => {
      await pool.run(task, { name: 'writeBatch', signal });
      return task.indices.length;
    };
    let done = kept;
    for await (const written of inOrderOfEnd(tasks, threads, run)) {
      done += written;
      yield { done, total: count, kept };
    }
  } finally {
    await pool.destroy();
    await rm(staging, { recursive: true, force: true });
  }
}

/** Says in the folder what its scenes are, or finds that it says the same. */
async function claim(root: string, request: SceneRequest): Promise<void> {
  const pathFor = (split: Split): string => join(root, `scenes-${split}.json`);
  const path = pathFor(request.split);
  const text = `${JSON.stringify({ generator: GENERATOR, ...request }, undefined, 2)}\n`;
  const found = await readFile(path, 'utf8').catch(() => undefined);
  if (found === text) return;
  if (found !== undefined) throw invalid(`in ${root} scenes of ${inline(text)}`, inline(found));
  const claims = await Promise.all(SPLITS.map((split) => exists(pathFor(split))));
  const [imageFolder = ''] = SCENE_KINDS[request.kind].imagePath(request.split, 0).split('/');
  if (!claims.includes(true) && (await exists(join(root, imageFolder))))
    throw invalid(`${path}, as beside all scenes of the lab`, `images in ${join(root, imageFolder)} without it`);
  await mkdir(root, { recursive: true });
  const unfinished = `${path}.${process.pid}.tmp`;
  await writeFile(unfinished, text);
  await rename(unfinished, path);
}

const inline = (json: string): string => json.replaceAll(/\s+/g, ' ').trim();

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

async function missingScenes(root: string, { kind, split }: SceneRequest, count: number): Promise<readonly number[]> {
  const missing: number[] = [];
  for (let index = 0; index < count; index++) {
    if (!(await exists(join(root, SCENE_KINDS[kind].imagePath(split, index))))) missing.push(index);
  }
  return missing;
}

const batches = (indices: readonly number[]): readonly (readonly number[])[] =>
  Array.from({ length: Math.ceil(indices.length / BATCH) }, (_, i) => indices.slice(i * BATCH, (i + 1) * BATCH));

/** Runs tasks, `width` at a time, and yields what each gives as it ends. */
async function* inOrderOfEnd<Task, Result>(
  tasks: readonly Task[],
  width: number,
  run: (task: Task) => Promise<Result>,
): AsyncGenerator<Result, void, void> {
  const running = new Map<Task, Promise<{ readonly task: Task; readonly result: Result }>>();
  const waiting = [...tasks].reverse();
  while (waiting.length > 0 || running.size > 0) {
    while (running.size < width && waiting.length > 0) {
      const task = waiting.pop() as Task;
      running.set(
        task,
        run(task).then((result) => ({ task, result })),
      );
    }
    const { task, result } = await Promise.race(running.values());
    running.delete(task);
    yield result;
  }
}
