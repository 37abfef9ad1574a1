import type { LabelSamples } from '../images/label-samples.js';
import { blurGaussian } from './blur-gaussian.js';

/**
 * One domain of Taskonomy: how the samples of its files become labels. As "Multitask Learning Strengthens Adversarial
 * Robustness" and Taskonomy's own models scale them, but for principal curvature, whose files the authors of the former read
 * as grey and so flatten to a constant; here its colours are read.
 */
export interface TaskonomyDomain {
  readonly bitDepth: 8 | 16;
  /** Numbers of channels that its files may have; alpha is passed over. */
  readonly fileChannels: readonly number[];
  /** Where labels count: everywhere, where the sample itself says so, or where `depth_euclidean` is known. */
  readonly mask: 'everywhere' | 'own' | 'depth';
  /** Whether samples name classes: of a file with a palette its indices, and as few bits as it likes. */
  readonly hasClasses?: true;
  /** Labels of a file, channel after channel. */
  readonly labels: (file: LabelSamples) => Float32Array;
  /** Of a domain with a mask of its own: whether a sample counts. */
  readonly isKnown?: (sample: number) => boolean;
}

/** Depth samples from here on mean "unknown". */
const UNKNOWN_DEPTH = 64_500;
/** Mean and standard deviation of principal curvature, in levels. */
const CURVATURE = { mean: [123.572, 120.1], deviation: [31.922, 21.658] } as const;
/** Of the Gaussian that occlusion edges are blurred with, in pixels. */
const OCCLUSION_BLUR = 4;

const isKnownDepth = (sample: number): boolean => sample < UNKNOWN_DEPTH;

/** From [0, top] to [−1, 1]. */
const stretch = (value: number, top: number): number => (value / top) * 2 - 1;

const depth: TaskonomyDomain = {
  bitDepth: 16,
  fileChannels: [1],
  mask: 'own',
  labels: ({ samples }) => samples.map((sample) => Math.log(1 + sample) / Math.log(65_536)),
  isKnown: isKnownDepth,
};

/** Samples of 16 bits as shares of the range, clipped to [0, top] and stretched to [−1, 1]. */
const clipped = (top: number, mask: TaskonomyDomain['mask']): TaskonomyDomain => ({
  bitDepth: 16,
  fileChannels: [1],
  mask,
  labels: ({ samples }) => samples.map((sample) => stretch(Math.min(sample / 65_535, top), top)),
});

/** By name, which is that of the folder and of the task in the paper's code. */
const DOMAINS = {
  segmentsemantic: {
    bitDepth: 8,
    fileChannels: [1],
    mask: 'own',
    hasClasses: true,
    // 0 means unlabelled: the position counts nowhere, and is given class 0, as the authors do.
    labels: ({ samples }) => samples.map((id) => Math.max(id, 1) - 1),
    isKnown: (id) => id > 0,
  },
  depth_zbuffer: depth,
  depth_euclidean: depth,
  edge_texture: clipped(0.08, 'everywhere'),
  edge_occlusion: {
    bitDepth: 16,
    fileChannels: [1],
    mask: 'depth',
    labels: ({ samples, width, height }) =>
      blurGaussian(
        Float64Array.from(samples, (sample) => stretch(sample / 65_535, 0.00625)),
        width,
        height,
        OCCLUSION_BLUR,
      ),
  },
  keypoints2d: clipped(0.005, 'everywhere'),
  keypoints3d: clipped(1, 'depth'),
  normal: {
    bitDepth: 8,
    fileChannels: [3, 4],
    mask: 'depth',
    labels: (file) => channelsOf(file, 3).map((level) => stretch(level, 255)),
  },
  principal_curvature: {
    bitDepth: 8,
    fileChannels: [3, 4],
    mask: 'depth',
    labels: (file) => {
      const positions = file.width * file.height;
      return channelsOf(file, 2).map((level, i) => {
        const channel = i < positions ? 0 : 1;
        return (level - CURVATURE.mean[channel]) / CURVATURE.deviation[channel];
      });
    },
  },
  reshading: {
    bitDepth: 8,
    fileChannels: [1, 2, 3, 4],
    mask: 'depth',
    labels: (file) => Float32Array.from(greyOf(file), (level) => stretch(level, 255)),
  },
  autoencoder: {
    bitDepth: 8,
    fileChannels: [3, 4],
    mask: 'everywhere',
    labels: (file) => channelsOf(file, 3).map((level) => stretch(level, 255)),
  },
} as const satisfies Readonly<Record<string, TaskonomyDomain>>;

export type DomainName = keyof typeof DOMAINS;
/** Names of all domains. */
export const DOMAIN_NAMES = Object.keys(DOMAINS) as [DomainName, ...DomainName[]];

/** What a domain is by its name. */
export const domainOf = (name: DomainName): TaskonomyDomain => DOMAINS[name];

/** The first channels of a file. */
const channelsOf = ({ samples, width, height }: LabelSamples, count: number): Float32Array =>
  samples.subarray(0, count * width * height);

/** Luminance by ITU-R BT.709, as scikit-image has it; float64 until it is scaled. */
function greyOf(file: LabelSamples): Float64Array {
  const positions = file.width * file.height;
  if (file.channels < 3) return Float64Array.from(channelsOf(file, 1));
  const sample = (channel: number, i: number): number => file.samples[channel * positions + i] as number;
  return Float64Array.from(
    { length: positions },
    (_, i) => 0.2125 * sample(0, i) + 0.7154 * sample(1, i) + 0.0721 * sample(2, i),
  );
}
