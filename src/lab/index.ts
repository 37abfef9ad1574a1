// The front door of the experiments: what commands may import of them.
export type { LabNetwork, NetworkSpec } from './networks/lab-network.js';
export { layersModel } from './networks/layers-model.js';
export { type ArchitectureInfo, type ArchitectureName, listArchitectures, networkOf } from './networks/network-of.js';
