// The front door: all that host/, server/, lab/ and cli/ may import of the engine.

export { l1Norm, l2Norm, linfNorm } from './attacks/norms.js';
export { blurGaussian } from './datasets/blur-gaussian.js';
export type * from './datasets/dataset.js';
export { type DatasetConfig, datasetConfigSchema } from './datasets/dataset-config.js';
export { guessDatasetConfig } from './datasets/guess-dataset-config.js';
export { DATASET_LIMITS, openDataset } from './datasets/open-dataset.js';
export {
  EngineError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  type FieldViolation,
  Violations,
} from './errors.js';
export { compareWithBaseline } from './evaluation/baseline/compare-with-baseline.js';
export { type EpsilonCurve, epsilonCurves } from './evaluation/epsilon-curves.js';
export { evaluate } from './evaluation/evaluate.js';
export type * from './evaluation/evaluation-events.js';
export { type FigureTask, figureTasks } from './evaluation/figures.js';
export { judgeGates } from './evaluation/gates/judge-gates.js';
export { parseGate } from './evaluation/gates/parse-gate.js';
export { resolveGates } from './evaluation/gates/resolve-gates.js';
export { identityDifferences } from './evaluation/identity.js';
export { jobInputOf, type UnpackImage } from './evaluation/job-input.js';
export {
  type EvaluationPlan,
  isInShard,
  type PreparedEvaluation,
  prepareEvaluation,
  type Shard,
  type SuiteAttack,
} from './evaluation/plan.js';
export { exampleSums, reduceEvaluation, worstOf } from './evaluation/reduce.js';
export type * from './evaluation/result.js';
export { evaluationResultSchema, parseEvaluationResult } from './evaluation/result-schema.js';
export type * from './evaluation/row.js';
export { type DecodedShard, decodeShard } from './evaluation/shards/decode-shard.js';
export { mergeShards } from './evaluation/shards/merge-shards.js';
export {
  encodeShardLine,
  type ShardHeader,
  type ShardLine,
} from './evaluation/shards/shard-line.js';
export {
  expandedPercentiles,
  resampled,
  type Statistic,
} from './evaluation/statistics/bootstrap.js';
export { studentQuantile } from './evaluation/statistics/student.js';
export { statisticOf, valueOverall } from './evaluation/sums.js';
export type * from './evaluation/target.js';
export { colorizeClasses, colorizeValues, type ValueMap } from './images/colorize.js';
export { decodeImage } from './images/decode-image.js';
export { type DecodedImage, type ImageLimits, levelsOf } from './images/decoded-image.js';
export { encodePng } from './images/encode-png.js';
export { type ImageForm, type InputPixels, inputPixels } from './images/input-pixels.js';
export { type LabelSamples, labelSamples, scaleSamples } from './images/label-samples.js';
export { CITYSCAPES_PALETTE, paletteOf } from './images/palette.js';
export { composePicture } from './images/picture.js';
export { paint, type RgbImage, rgbOf } from './images/rgb-image.js';
export { computeGradient, type Gradient } from './inspection/compute-gradient.js';
export { graphOutputs } from './inspection/graph-outputs.js';
export { type Inspection, inspectModel } from './inspection/inspect-model.js';
export { lossNames } from './losses/index.js';
export type { MetricValue } from './metrics/metric.js';
export { modelConfigSchema, parseModelConfig } from './models/model-config.js';
export type { InputInfo, ModelInfo, TaskInfo, TensorSignature } from './models/model-info.js';
export { type ModelSource, sourceBytes } from './models/model-source.js';
export { type ProviderReport, probeProvider } from './models/onnx/provider-probe.js';
export { openTrainable } from './models/onnx/training/open-trainable.js';
export { parseStrict } from './models/parse-strict.js';
export {
  type EngineName,
  LOCAL_ENGINES,
  type LocalEngine,
  PROVIDERS,
  type ProviderName,
  TFJS_BACKENDS,
  type TfjsBackend,
} from './models/providers.js';
export type { RawTensor, RawTensors } from './models/raw-tensor.js';
export { readModelFile, readModelSource } from './models/read-model-source.js';
export type { RemoteConfig, RemoteDescription, RemoteModel } from './models/remote/remote-model.js';
export { type BackendReport, probeBackend } from './models/tfjs/backend-probe.js';
export { bilinearMatrix } from './models/tfjs/repairs/resize-bilinear.js';
export type * from './models/trainable.js';
export type { DataType } from './onnx/data-types.js';
export { decodeModel } from './onnx/decode-model.js';
export { encodeModel } from './onnx/encode-model.js';
export type { AttributeInputs, ModelDef, NodeDef, TensorValue } from './onnx/graph.js';
export { attributesOf } from './onnx/node.js';
export { float32Tensor, numbersOf } from './onnx/tensor-value.js';
export {
  type AttackSpecRequest,
  needsGradient,
  resolveAttackSpec,
  resolveGradientNormSpec,
} from './runs/attack-spec.js';
export {
  attackTrainingBatch,
  requireTrainingAttack,
  type TrainingAttack,
} from './runs/attack-training-batch.js';
export type * from './runs/events.js';
export { formatSpec } from './runs/format-spec.js';
export type * from './runs/job.js';
export { toLevels } from './runs/levels.js';
export { loadServedModel } from './runs/load-served-model.js';
export { parseSpec } from './runs/parse-spec.js';
export type * from './runs/served-model.js';
export type * from './runs/spec.js';
export { maskOf } from './tensor/mask.js';
export { decodeNpy, encodeNpy, type NpyArray } from './tensor/npy.js';
export { keyedRandom } from './tensor/random.js';
export { type Shape, sizeOf } from './tensor/shape.js';
export type { Tensor } from './tensor/tensor.js';
