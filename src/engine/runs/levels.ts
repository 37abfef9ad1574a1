import type { InputInfo } from '../models/model-info.js';

/** Values in the units of a request as levels 0–255: what attacks know. */
export function toLevels(values: Float32Array, { kind, range: [low, high] }: InputInfo): Float32Array {
  return kind === 'image' ? values : values.map((x) => ((x - low) * 255) / (high - low));
}

/** The other way round. */
export function fromLevels(levels: Float32Array, { kind, range: [low, high] }: InputInfo): Float32Array {
  if (kind === 'image') return levels;
  return levels.map((level) => Math.min(Math.max(low + (level * (high - low)) / 255, low), high));
}
