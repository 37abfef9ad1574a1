// The front door of the experiments: what commands may import of them.
export { layersModel } from './layers-model.js';
