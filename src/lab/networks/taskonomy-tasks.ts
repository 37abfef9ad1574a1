import type { TaskDefinitions } from './task-definition.js';

/** From levels to [−1, 1]. */
export const TASKONOMY_NORMALISATION = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;

/** Of the 17 classes that labels have, in the authors' code; the network has one more, which no label names. */
const CLASS_WEIGHTS = [
  0.54241, 9.16744, 7.33099, 7.16203, 8.72289, 7.6133, 8.23692, 9.14858, 8.82202, 9.08579, 8.91407, 9.17723, 9.03539,
  8.60392, 9.16992, 9.14673, 9.13736, 1,
] as const;

/**
 * The tasks of Taskonomy, each named so that the reader of its folders finds the labels. All but the classes are judged by
 * L1, the reconstruction too.
 * Source: as for Cityscapes
 */
export const TASKONOMY_TASKS = {
  segmentation: { channels: 18, config: { kind: 'semantic-segmentation', classWeights: CLASS_WEIGHTS } },
  'depth-zbuffer': { channels: 1, config: { kind: 'depth', unit: 'log depth' } },
  'edge-texture': { channels: 1, config: { kind: 'edges' } },
  keypoints2d: { channels: 1, config: { kind: 'keypoints' } },
  normal: { channels: 3, config: { kind: 'normals' } },
  reshading: { channels: 1, config: { kind: 'reshading' } },
  keypoints3d: { channels: 1, config: { kind: 'keypoints' } },
  'depth-euclidean': { channels: 1, config: { kind: 'depth', unit: 'log depth' } },
  reconstruction: {
    channels: 3,
    config: { kind: 'reconstruction', target: 'normalised-input', loss: 'l1', metric: 'absolute-error' },
  },
  'edge-occlusion': { channels: 1, config: { kind: 'edges' } },
  'principal-curvature': { channels: 2, config: { kind: 'curvature' } },
} as const satisfies TaskDefinitions;
