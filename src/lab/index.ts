// The front door of the experiments: what commands may import of them.
export { cellText } from './experiments/cell-plan.js';
export type { Claim } from './experiments/claims.js';
export { type EstimatedItem, estimate } from './experiments/estimate.js';
export {
  EXPERIMENT_NAMES,
  type ExperimentName,
  type OutcomeCell,
  type OutcomeChart,
  type OutcomeTable,
} from './experiments/experiment.js';
export { experimentOf } from './experiments/list.js';
export type { Measured } from './experiments/measured.js';
export { modelText } from './experiments/model-plan.js';
export { type FailedItem, performWork, type WorkProgress, type Workshop } from './experiments/perform-work.js';
export {
  type ReproducedExperiment,
  type Reproduction,
  reproduce,
  secondsLeft,
  timedItems,
} from './experiments/reproduction.js';
export { SCALE_NAMES, type ScaleName, scaleOf } from './experiments/scales.js';
export { openStore } from './experiments/store.js';
export { type WorkItem, workPlan } from './experiments/work-plan.js';
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
