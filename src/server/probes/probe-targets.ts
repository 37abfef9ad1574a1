import type { ModelInfo } from '../../engine/index.js';
import type { VersionStatus } from '../repository/repository.js';
import type { ProbeConfig } from './probe-config.js';

/** Whether a probe is for a model: by its name, or by all labels that it asks for. */
export function isTarget({ model, modelLabels }: ProbeConfig, { name, labels }: ModelInfo): boolean {
  if (modelLabels === undefined) return name === model;
  return Object.entries(modelLabels).every(([key, value]) => labels[key] === value);
}

/** The versions that a probe is for and that serve, one of each model. */
export const servingTargets = (probe: ProbeConfig, versions: readonly VersionStatus[]): readonly ModelInfo[] =>
  versions.flatMap(({ state, info }) =>
    info !== undefined && state === 'serving' && isTarget(probe, info) ? [info] : [],
  );

/** Versions that are newer than the one that serves, and wait for something that holds them. */
export function waitingVersions(versions: readonly VersionStatus[]): readonly ModelInfo[] {
  const serving = new Map(
    versions.filter(({ state }) => state === 'serving').map(({ name, version }) => [name, Number(version)]),
  );
  return versions.flatMap(({ name, version, state, info }) => {
    const newerThan = serving.get(name);
    const waits = state === 'standby' && newerThan !== undefined && Number(version) > newerThan;
    return waits && info !== undefined ? [info] : [];
  });
}
