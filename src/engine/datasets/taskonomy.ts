import { join } from 'node:path';
import type { DecodedImage } from '../images/decoded-image.js';
import { type LabelSamples, labelSamples } from '../images/label-samples.js';
import { maskOf } from '../tensor/mask.js';
import { assemble } from './assemble.js';
import type { Dataset, DatasetLabel, LabelledTask } from './dataset.js';
import type { ConfigOf } from './dataset-config.js';
import { checkSameSize, type FileReading, findFile, invalidDataset, readImage, walkFiles } from './files.js';
import { chooseSources } from './label-sources.js';
import { DOMAIN_NAMES, type DomainName, domainOf, type TaskonomyDomain } from './taskonomy-domains.js';

/** `<folder>/point_<p>_view_<v>` with what follows it. */
const IMAGE_NAME = /(?<stem>(^|.*\/)point_(?<point>\d+)_view_\d+)_domain_rgb\.png$/;
/** Points from here on are for validation. */
const FIRST_VALIDATION_POINT = 1200;

/**
 * Taskonomy: `rgb/point_<p>_view_<v>_domain_rgb.png` with `<domain>/point_<p>_view_<v>_domain_<domain>.png`. Keys are
 * `point_<p>_view_<v>`, after the folders below `rgb` that they are in. Labels are scaled as each domain says, whatever
 * `target` of `model.yaml` is.
 *
 * @throws EngineError `INVALID_DATASET`. Thrown when there is no image, or `domains` does not fit the tasks.
 */
export async function openTaskonomy(
  config: ConfigOf<'taskonomy'>,
  tasks: readonly LabelledTask[],
  name: string,
  reading: FileReading,
): Promise<Dataset> {
  const { root, split } = config;
  const sources = chooseSources<DomainName>(tasks, {
    option: 'domains',
    given: config.domains,
    guess: guessDomain,
    formOf: (domain) => (domain === 'segmentsemantic' ? 'class-map' : 'numbers'),
  });
  const images = join(root, 'rgb');
  const names = (await walkFiles(images, 'a folder of images')).flatMap((file) => {
    const { stem, point } = IMAGE_NAME.exec(file)?.groups ?? {};
    return stem !== undefined && isOf(split, Number(point)) ? [stem] : [];
  });

  return assemble({
    name,
    kind: config.kind,
    place: `${images}/point_<p>_view_<v>_domain_rgb.png with ${SPLITS[split]}`,
    meaning: { split, domains: Object.entries(config.domains).toSorted() },
    entries: new Map(names.map((stem) => [stem, stem])),
    read: async (stem) => {
      const path = join(images, `${stem}_domain_rgb.png`);
      const { file, image } = await readImage(path, 'an image', reading);
      const domains = domainReader(root, stem, { path, image }, reading);
      const labels = new Map<string, DatasetLabel>();
      for (const [task, domain] of sources) labels.set(task.name, await labelOf(domain, domains));
      return { input: { form: 'file', data: file }, labels };
    },
  });
}

const SPLITS = {
  train: `p < ${FIRST_VALIDATION_POINT}`,
  val: `p ≥ ${FIRST_VALIDATION_POINT}`,
  all: 'any p',
} as const;

const isOf = (split: keyof typeof SPLITS, point: number): boolean =>
  split === 'all' || (split === 'val') === point >= FIRST_VALIDATION_POINT;

/** Domains that a kind of task may be labelled by, where its name does not say it. */
const DOMAINS_OF_KIND: Readonly<Record<string, DomainName | readonly DomainName[]>> = {
  'semantic-segmentation': 'segmentsemantic',
  depth: ['depth_zbuffer', 'depth_euclidean'],
  normals: 'normal',
  edges: ['edge_texture', 'edge_occlusion'],
  keypoints: ['keypoints2d', 'keypoints3d'],
  curvature: 'principal_curvature',
  reshading: 'reshading',
};

function guessDomain({ name, kind }: LabelledTask): DomainName | 'none' | readonly DomainName[] {
  const named = DOMAIN_NAMES.find((domain) => domain === name.replaceAll('-', '_'));
  return named ?? DOMAINS_OF_KIND[kind] ?? 'none';
}

type DomainReader = (name: DomainName) => Promise<LabelSamples>;

/** Reads the files of an example, each once. */
function domainReader(
  root: string,
  stem: string,
  rgb: { readonly path: string; readonly image: DecodedImage },
  reading: FileReading,
): DomainReader {
  const read = new Map<DomainName, LabelSamples>();
  return async (name) => {
    const known = read.get(name);
    if (known !== undefined) return known;
    const path = name === 'autoencoder' ? rgb.path : await findFile(pathsOf(root, stem, name), `a file of ${name}`);
    const image = name === 'autoencoder' ? rgb.image : (await readImage(path, `a file of ${name}`, reading)).image;
    checkSameSize(rgb.image, rgb.path, image, path);
    const samples = checkDomain(image, path, domainOf(name));
    read.set(name, samples);
    return samples;
  };
}

function pathsOf(root: string, stem: string, name: DomainName): readonly string[] {
  const at = (folder: string, suffix: string): string => join(root, folder, `${stem}_domain_${suffix}.png`);
  if (name !== 'segmentsemantic') return [at(name, name)];
  // The downloads have a folder `segment_semantic`, with files that say `segmentsemantic`.
  return [at(name, name), at('segment_semantic', name), at('segment_semantic', 'segment_semantic')];
}

function checkDomain(
  { indices, ...image }: DecodedImage,
  path: string,
  { bitDepth, fileChannels, hasClasses }: TaskonomyDomain,
): LabelSamples {
  const samples = labelSamples(hasClasses && indices !== undefined ? { ...image, indices } : image);
  const fits = image.bitDepth === bitDepth || (hasClasses && image.bitDepth < bitDepth);
  if (fits && fileChannels.includes(samples.channels)) return samples;
  throw invalidDataset(
    `${fileChannels.join(' or ')} channels of ${bitDepth} bits in ${path}`,
    `${samples.channels} of ${image.bitDepth} bits`,
  );
}

async function labelOf(name: DomainName, read: DomainReader): Promise<DatasetLabel> {
  const domain = domainOf(name);
  const file = await read(name);
  const data = domain.labels(file);
  const positions = file.width * file.height;
  const channels = data.length / positions;
  const shape = channels === 1 ? [file.height, file.width] : [channels, file.height, file.width];
  if (domain.mask === 'everywhere') return { data, shape };
  const masking = domain.mask === 'own' ? { file, domain } : { file: await read(MASK), domain: domainOf(MASK) };
  const isKnown = masking.domain.isKnown ?? (() => true);
  const valid = maskOf(data, (_, i) => isKnown(masking.file.samples[i % positions] as number));
  return { data, valid, shape };
}

/** The domain that says where the labels of others count. */
const MASK: DomainName = 'depth_euclidean';
