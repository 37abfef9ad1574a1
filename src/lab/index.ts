// The front door of the experiments: what commands may import of them.
export { layersModel } from './layers-model.js';
export { SPLITS, type Split } from './scenes/scene-file.js';
export { SCENE_KIND_NAMES, SCENE_KINDS, type SceneKindName } from './scenes/scene-kinds.js';
export { type WritingProgress, writeScenes } from './scenes/write-scenes.js';
