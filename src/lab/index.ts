// The front door of the experiments: what commands may import of them.
export type { LabNetwork, NetworkSpec } from './networks/lab-network.js';
export { layersModel } from './networks/layers-model.js';
export { type ArchitectureInfo, type ArchitectureName, listArchitectures, networkOf } from './networks/network-of.js';
export { SPLITS, type Split } from './scenes/scene-file.js';
export { SCENE_KIND_NAMES, SCENE_KINDS, type SceneKindName } from './scenes/scene-kinds.js';
export { type WritingProgress, writeScenes } from './scenes/write-scenes.js';
