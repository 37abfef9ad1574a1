/** A file of a scene. */
export interface SceneFile {
  /** Below the folder of the dataset, with `/` between names. */
  readonly path: string;
  readonly data: Uint8Array;
}

export const SPLITS = ['train', 'val'] as const;
export type Split = (typeof SPLITS)[number];
