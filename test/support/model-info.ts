import type { ModelInfo, TaskInfo } from '../../src/engine/models/model-info.js';

/** What a gateway knows of a classification with three classes, but for what the test is about. */
export const taskInfo = (name: string, change: Partial<TaskInfo> = {}): TaskInfo => ({
  name,
  kind: 'classification',
  labelForm: 'class',
  output: name,
  shape: [3],
  classAxis: 0,
  classCount: 3,
  classes: [],
  palette: undefined,
  unit: '',
  activation: 'none',
  loss: 'cross-entropy',
  losses: ['cross-entropy', 'dlr', 'houdini', 'margin'],
  metric: 'accuracy',
  ignoreIndex: undefined,
  labelScale: [1],
  labelOffset: [0],
  invalid: undefined,
  isReconstruction: false,
  weight: 1,
  attackable: true,
  gradientObstacles: [],
  ...change,
});

/** The same of a regression. */
export const numberInfo = (name: string, change: Partial<TaskInfo> = {}): TaskInfo =>
  taskInfo(name, {
    kind: 'regression',
    labelForm: 'numbers',
    shape: [1],
    classCount: 0,
    loss: 'l1',
    losses: ['l1', 'mse'],
    metric: 'absolute-error',
    ...change,
  });

/** A model of two features from 0 to 1. */
export const modelInfo = (tasks: readonly TaskInfo[], change: Partial<ModelInfo> = {}): ModelInfo => ({
  name: 'model',
  version: '1',
  sha256: '00',
  description: '',
  labels: {},
  engine: 'onnx',
  provider: 'cpu',
  providerFallbacks: [],
  input: { name: 'x', kind: 'features', shape: [2], layout: 'NCHW', colorOrder: 'RGB', range: [0, 1] },
  extraInputs: [],
  tasks,
  operators: [],
  fixedBatch: undefined,
  signature: { inputs: [], outputs: [] },
  ...change,
});
