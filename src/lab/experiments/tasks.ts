/** The paper's letters for the tasks of Cityscapes. */
export const CITYSCAPES_LETTERS = { s: 'segmentation', d: 'depth', A: 'reconstruction' } as const;
export type CityscapesLetter = keyof typeof CITYSCAPES_LETTERS;

/** The paper's letters for the tasks of Taskonomy. */
export const TASKONOMY_LETTERS = {
  s: 'segmentation',
  d: 'depth-zbuffer',
  e: 'edge-texture',
  n: 'normal',
  r: 'reshading',
  k: 'keypoints2d',
  K: 'keypoints3d',
  D: 'depth-euclidean',
  A: 'reconstruction',
  E: 'edge-occlusion',
  p: 'principal-curvature',
} as const;
export type TaskonomyLetter = keyof typeof TASKONOMY_LETTERS;

/** Which dataset of the paper, by the layout of its folders. */
export type Layout = 'cityscapes' | 'taskonomy';

/** Names of tasks for letters such as `sdA`, in the order of the letters. */
export function tasksOf(layout: Layout, letters: string): readonly string[] {
  const names: Readonly<Record<string, string>> = layout === 'cityscapes' ? CITYSCAPES_LETTERS : TASKONOMY_LETTERS;
  return [...letters].map((letter) => {
    const name = names[letter];
    if (name === undefined) throw new RangeError(`expected a letter of ${Object.keys(names).join('')}, got ${letter}`);
    return name;
  });
}
