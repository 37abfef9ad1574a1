import type { BatchNormMode } from '../../src/engine/models/trainable.js';
import type { NetworkSpec } from '../../src/lab/networks/lab-network.js';
import { networkOf } from '../../src/lab/networks/network-of.js';
import { type TrainingCase, trainingCase } from './training-step.js';

/** A step that is held against PyTorch's in float64. */
export interface ReferenceCase {
  /** Of its file in test/fixtures/training/, if it has one. */
  readonly name: string;
  readonly spec: NetworkSpec;
  readonly size: readonly [height: number, width: number];
  readonly batchSize: number;
  readonly batchNorm: BatchNormMode;
}

const OUTDOOR = ['segmentation', 'depth', 'reconstruction'];
const INDOOR = ['segmentation', 'depth-zbuffer', 'reconstruction'];
const spec = (architecture: string, tasks: readonly string[], decoders: NetworkSpec['decoders']): NetworkSpec => ({
  architecture,
  tasks,
  decoders,
  seed: 1,
});

/** Steps whose results are kept as fixtures. */
export const SMALL_CASES: readonly ReferenceCase[] = [
  {
    name: 'drn-d-22-small',
    spec: spec('drn-d-22-small', OUTDOOR, 'separate'),
    size: [16, 32],
    batchSize: 2,
    batchNorm: 'batch',
  },
  {
    name: 'drn-d-22-small-running',
    spec: spec('drn-d-22-small', OUTDOOR, 'shared'),
    size: [16, 32],
    batchSize: 2,
    batchNorm: 'running',
  },
  {
    name: 'resnet18-taskonomy-small',
    spec: spec('resnet18-taskonomy-small', INDOOR, 'separate'),
    size: [32, 32],
    batchSize: 2,
    batchNorm: 'batch',
  },
  { name: 'street', spec: spec('street', OUTDOOR, 'separate'), size: [16, 32], batchSize: 2, batchNorm: 'batch' },
];

/** Steps of the networks of the paper, which need PyTorch. */
export const FULL_CASES: readonly ReferenceCase[] = [
  { name: 'drn-d-22', spec: spec('drn-d-22', OUTDOOR, 'shared'), size: [64, 64], batchSize: 2, batchNorm: 'batch' },
  { name: 'drn-d-105', spec: spec('drn-d-105', OUTDOOR, 'shared'), size: [64, 64], batchSize: 2, batchNorm: 'batch' },
  {
    name: 'drn-d-105-running',
    spec: spec('drn-d-105', OUTDOOR, 'shared'),
    size: [64, 64],
    batchSize: 2,
    batchNorm: 'running',
  },
  {
    name: 'resnet18-taskonomy',
    spec: spec('resnet18-taskonomy', INDOOR, 'separate'),
    size: [64, 64],
    batchSize: 2,
    batchNorm: 'batch',
  },
];

export const caseOf = async ({ spec: of, ...options }: ReferenceCase): Promise<TrainingCase> =>
  await trainingCase(networkOf(of, options.batchNorm === 'running' ? 'expected' : 'initial'), options);

/** What is kept of a tensor: its size, and entries that are evenly spread over it. */
export interface Summary {
  readonly norm: number;
  readonly largest: number;
  readonly entries: readonly number[];
}

const ENTRIES = 16;

export const summaryOf = (numbers: Float32Array): Summary => ({
  norm: Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0)),
  largest: numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  entries: Array.from({ length: Math.min(ENTRIES, numbers.length) }, (_, i) => {
    const place = Math.floor((i * numbers.length) / Math.min(ENTRIES, numbers.length));
    return numbers[place] as number;
  }),
});
