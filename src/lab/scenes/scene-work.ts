// What worker threads do: compute scenes and write them.
import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SCENE_KINDS, type SceneRequest } from './scene-kinds.js';

export interface SceneTask {
  readonly request: SceneRequest;
  readonly root: string;
  /** A folder on the same disk, where files are before they are whole. */
  readonly staging: string;
  readonly indices: readonly number[];
}

/** Writes scenes one after the other. Each appears when all of it is there. */
export async function writeBatch({ request, root, staging, indices }: SceneTask): Promise<void> {
  for (const index of indices) {
    for (const { path, data } of SCENE_KINDS[request.kind].files(request, index)) {
      const unfinished = join(staging, randomUUID());
      await writeFile(unfinished, data);
      const target = join(root, path);
      await mkdir(dirname(target), { recursive: true });
      await rename(unfinished, target);
    }
  }
}
