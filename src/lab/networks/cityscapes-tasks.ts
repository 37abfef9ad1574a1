import type { TaskDefinitions } from './task-definition.js';

/** Mean and standard deviation of Cityscapes, of x/255, as in the authors' code; rounded. */
export const CITYSCAPES_NORMALISATION = {
  mean: [0.2901, 0.3281, 0.287],
  std: [0.183, 0.1866, 0.1845],
} as const;

/**
 * The tasks of Cityscapes.
 * Source: Mao et al., "Multitask Learning Strengthens Adversarial Robustness", ECCV 2020 (arXiv:2007.07236), and its code
 */
export const CITYSCAPES_TASKS = {
  segmentation: {
    channels: 19,
    config: {
      kind: 'semantic-segmentation',
      ignoreIndex: 255,
      palette: 'cityscapes',
      classes: [
        'road',
        'sidewalk',
        'building',
        'wall',
        'fence',
        'pole',
        'traffic light',
        'traffic sign',
        'vegetation',
        'terrain',
        'sky',
        'person',
        'rider',
        'car',
        'truck',
        'bus',
        'train',
        'motorcycle',
        'bicycle',
      ],
    },
  },
  depth: { channels: 1, config: { kind: 'depth', unit: 'disparity/1000', target: { scale: 0.001 } } },
  reconstruction: { channels: 3, config: { kind: 'reconstruction', target: 'normalised-input' } },
} as const satisfies TaskDefinitions;
