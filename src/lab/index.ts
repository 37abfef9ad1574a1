// The front door of the experiments: what commands may import of them.
export { layersModel } from './networks/layers-model.js';
export { listArchitectures, networkOf } from './networks/network-of.js';
export { SPLITS, type Split } from './scenes/scene-file.js';
export { SCENE_KIND_NAMES, SCENE_KINDS, type SceneKindName } from './scenes/scene-kinds.js';
export { type WritingProgress, writeScenes } from './scenes/write-scenes.js';
export { type HardenedModel, hardenModel } from './training/harden-model.js';
export { type MetricsRecord, readMetrics } from './training/metrics-log.js';
export { publishVersion, versionsOf } from './training/model-folder.js';
export { METRICS_FILE } from './training/train.js';
export { type TrainedModel, trainModel } from './training/train-model.js';
export { type TrainedFile, trainedFile } from './training/trained-file.js';
export {
  parseTrainingConfig,
  parseTrainingConfigText,
  type TrainingConfig,
  trainingConfigSchema,
} from './training/training-config.js';
export type { TrainingProgress } from './training/training-work.js';
