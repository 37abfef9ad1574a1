// The front door: all that host/, server/, lab/ and cli/ may import of the engine.

export type { Attack, AttackParameters } from './attacks/attack.js';
export { attackDefaults } from './attacks/defaults.js';
export { attackNames, findAttack } from './attacks/methods/index.js';
export {
  EngineError,
  ERROR_CODES,
  type ErrorCode,
  type ErrorDetails,
  type FieldViolation,
  Violations,
} from './errors.js';
export { colorizeClasses, colorizeValues, type ValueMap } from './images/colorize.js';
export { decodeImage } from './images/decode-image.js';
export { type DecodedImage, type ImageLimits, levelsOf } from './images/decoded-image.js';
export { encodePng, type PngImage } from './images/encode-png.js';
export { CITYSCAPES_PALETTE, paletteOf } from './images/palette.js';
export { composePicture, type Panel, type PictureOptions } from './images/picture.js';
export { type Color, paint, type RgbImage, rgbOf } from './images/rgb-image.js';
export type { Metric, MetricPart, MetricValue } from './metrics/metric.js';
export { type ModelConfig, modelConfigSchema, parseModelConfig, type TaskConfig } from './models/model-config.js';
export type { InputInfo, ModelInfo, OperatorInfo, TaskInfo } from './models/model-info.js';
export type { ModelSource } from './models/model-source.js';
export { parseStrict } from './models/parse-strict.js';
export { readModelSource } from './models/read-model-source.js';
export type { RuntimeOptions } from './models/runtime-options.js';
export { type EncodedModel, encodeModel } from './onnx/encode-model.js';
export type { AttributeInputs, ModelDef, NodeDef, TensorValue } from './onnx/graph.js';
export { attributesOf } from './onnx/node.js';
export { float32Tensor } from './onnx/tensor-value.js';
export {
  type AttackSpecRequest,
  type GradientNormSpecRequest,
  resolveAttackSpec,
  resolveGradientNormSpec,
} from './runs/attack-spec.js';
export type * from './runs/events.js';
export { formatSpec } from './runs/format-spec.js';
export type * from './runs/job.js';
export { loadServedModel } from './runs/load-served-model.js';
export type * from './runs/served-model.js';
export type * from './runs/spec.js';
export { decodeNpy, encodeNpy, type NpyArray } from './tensor/npy.js';
export { keyedRandom } from './tensor/random.js';
export type { Shape } from './tensor/shape.js';
