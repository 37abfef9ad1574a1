import { execFile, execFileSync } from 'node:child_process';
import { realpath, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import type { IPodSpec } from 'kubernetes-models/v1';
import { parseAllDocuments, stringify } from 'yaml';
import { PACKAGE_ROOT } from '../../src/cli/package-version.js';
import { temporaryFolder } from './temporary-folder.js';

/** Where the manifests are. */
export const manifests = fileURLToPath(new URL('deploy/k8s', PACKAGE_ROOT));

/** Folders that are applied by themselves. */
export const OVERLAYS = ['cpu', 'dev', 'nvidia-gpu', 'nvidia-gpu-mig', 'sharded-evaluation'] as const;

/** What a gateway's installation may have in addition. */
export const OPTIONAL = ['autoscaling', 'monitoring', 'models-copy', 'otlp'] as const;

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own, which the test of types holds against the API
  readonly spec?: any;
  readonly data?: Readonly<Record<string, string>>;
}

/** Why manifests cannot be rendered here; nothing where they can. */
export function whyNoKustomize(): string | undefined {
  const how = 'kubectl with kustomize 5 or newer: https://kubernetes.io/docs/tasks/tools/';
  try {
    const text = execFileSync('kubectl', ['version', '--client'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const major = Number(/^Kustomize Version: v(\d+)/m.exec(text)?.[1] ?? 0);
    return major >= 5 ? undefined : `expected ${how}, got kustomize ${major || 'of an unknown version'}`;
  } catch {
    return `expected ${how}, got none`;
  }
}

/** The objects of a folder with a kustomization. */
export async function render(folder: string): Promise<readonly KubernetesObject[]> {
  const { stdout } = await promisify(execFile)('kubectl', ['kustomize', folder], { maxBuffer: 2 ** 26 });
  return parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject);
}

export const renderOverlay = (name: string): Promise<readonly KubernetesObject[]> =>
  render(join(manifests, 'overlays', name));

/** The objects of an overlay with components in addition, as a user's own kustomization has them. */
export async function renderWith(
  t: ExecutionContext,
  overlay: string,
  components: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<readonly KubernetesObject[]> {
  const folder = await realpath(await temporaryFolder(t));
  const at = (...path: readonly string[]): string => relative(folder, join(manifests, ...path));
  const kustomization = {
    resources: [at('overlays', overlay)],
    components: components.map((name) => at('components', name)),
    ...more,
  };
  await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization));
  return await render(folder);
}

/** The pod that a Deployment, Job or CronJob makes; nothing of other kinds. */
export function podOf({
  kind,
  spec,
}: KubernetesObject): (IPodSpec & { readonly labels: Record<string, string> }) | undefined {
  const template = kind === 'CronJob' ? spec.jobTemplate.spec.template : spec?.template;
  return template?.spec === undefined ? undefined : { ...template.spec, labels: template.metadata.labels };
}

/** `KIND/NAME`, without the digest that kustomize adds to a generated name. */
export const idOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.name}`;

/** The only object of a kind and name. */
export function find(objects: readonly KubernetesObject[], kind: string, name: string | RegExp): KubernetesObject {
  const isIt = (text: string): boolean => (typeof name === 'string' ? text === name : name.test(text));
  const found = objects.filter((object) => object.kind === kind && isIt(object.metadata.name));
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`expected one ${kind} ${name}, got ${found.length}`);
  return only;
}
