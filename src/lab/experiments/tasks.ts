/** The paper's letters for the tasks of Cityscapes. */
export const CITYSCAPES_LETTERS = { s: 'segmentation', d: 'depth', A: 'reconstruction' } as const;

/** The paper's letters for the tasks of Taskonomy, the first six in the order in which Fig. 5 adds them. */
export const TASKONOMY_LETTERS = {
  s: 'segmentation',
  d: 'depth-zbuffer',
  n: 'normal',
  k: 'keypoints2d',
  e: 'edge-texture',
  r: 'reshading',
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

/** Tasks in the order of the letters of their layout, whatever order they are named in. */
export function inLetterOrder(layout: Layout, tasks: readonly string[]): readonly string[] {
  const known: readonly string[] = Object.values(layout === 'cityscapes' ? CITYSCAPES_LETTERS : TASKONOMY_LETTERS);
  return known.filter((task) => tasks.includes(task));
}
