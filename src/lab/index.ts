// The front door of the experiments: what commands may import of them.
export type { LabNetwork, NetworkSpec } from './networks/lab-network.js';
export { layersModel } from './networks/layers-model.js';
export { type ArchitectureInfo, type ArchitectureName, listArchitectures, networkOf } from './networks/network-of.js';
export { type RoomDomain, type RoomScene, roomScene } from './scenes/indoor/room-scene.js';
export { SPLITS, type Split } from './scenes/scene-file.js';
export { SCENE_KIND_NAMES, SCENE_KINDS, type SceneKindName, type SceneRequest } from './scenes/scene-kinds.js';
export { type StreetOptions, type StreetScene, streetScene } from './scenes/street/street-scene.js';
export { type WritingOptions, type WritingProgress, writeScenes } from './scenes/write-scenes.js';
