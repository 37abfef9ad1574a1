import { z } from 'zod';
import { EngineError } from '../../errors.js';
import { sizeOf } from '../../tensor/shape.js';

const weight = z.object({
  name: z.string().min(1),
  shape: z.array(z.int().min(0)),
  dtype: z.enum(['float32', 'int32', 'bool', 'string', 'complex64']),
  quantization: z
    .object({ dtype: z.enum(['uint8', 'uint16', 'float16']), scale: z.number().optional(), min: z.number().optional() })
    .optional(),
});

const modelJson = z.object({
  format: z.string().optional(),
  modelTopology: z.record(z.string(), z.unknown()),
  weightsManifest: z.array(z.object({ paths: z.array(z.string().min(1)), weights: z.array(weight) })).default([]),
  signature: z.record(z.string(), z.unknown()).optional(),
  userDefinedMetadata: z.record(z.string(), z.unknown()).optional(),
});

/** A weight of a `model.json`: where it has a quantisation, the shards hold that type. */
export type Weight = z.output<typeof weight>;

/** Weights that lie one behind the other in the shards, also across their borders. */
export type WeightGroup = { readonly paths: readonly string[]; readonly weights: readonly Weight[] };

/** What a `model.json` says, but for the meaning of its topology. */
export interface ModelJson {
  readonly kind: 'layers-model' | 'graph-model';
  readonly topology: Readonly<Record<string, unknown>>;
  readonly groups: readonly WeightGroup[];
  readonly signature: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Reads a `model.json`, as tfjs-converter and TF.js's own `save` write it.
 * Source: https://www.tensorflow.org/js/guide/save_load
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when it is none, or a weight is of a kind that has no fixed size.
 */
export function readModelJson(file: Uint8Array): ModelJson {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file));
  } catch (cause) {
    throw new EngineError('INVALID_MODEL', `expected JSON in model.json, got: ${cause}`, {}, { cause });
  }
  const result = modelJson.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw invalid(`a model.json of TF.js`, `${issue?.path.join('.') || 'one'}: ${issue?.message}`);
  }
  const { format, modelTopology, weightsManifest, signature, userDefinedMetadata } = result.data;
  const names = new Set<string>();
  for (const { name, dtype } of weightsManifest.flatMap(({ weights }) => weights)) {
    if (dtype === 'string' || dtype === 'complex64') throw invalid(`numbers in the weight ${name}`, dtype);
    if (names.has(name)) throw invalid(`a name of its own for each weight`, `${name} twice`);
    names.add(name);
  }
  return {
    kind: kindOf(format, modelTopology),
    topology: modelTopology,
    groups: weightsManifest,
    // Converters before 2.0 put it among the metadata.
    signature: signature ?? (userDefinedMetadata?.['signature'] as Record<string, unknown> | undefined),
  };
}

/** Old files do not say their format: a graph has nodes, a Keras model has layers. */
function kindOf(format: string | undefined, topology: Readonly<Record<string, unknown>>): ModelJson['kind'] {
  if (format === 'layers-model' || format === 'graph-model') return format;
  if (format !== undefined) throw invalid('the format layers-model or graph-model', format);
  if (Array.isArray(topology['node'])) return 'graph-model';
  if ('model_config' in topology || 'class_name' in topology) return 'layers-model';
  throw invalid('a topology with nodes or layers', `one with ${Object.keys(topology).join(', ') || 'nothing'}`);
}

const STORED_BYTES = {
  float32: 4,
  int32: 4,
  bool: 1,
  uint8: 1,
  uint16: 2,
  float16: 2,
  string: 0,
  complex64: 8,
} as const;

/**
 * The bytes of a group, joined from its shards.
 *
 * @throws EngineError `INVALID_MODEL`. Thrown when the shards hold fewer or more than the weights take, or one is missing.
 */
export function weightBytesOf({ paths, weights }: WeightGroup, files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const expected = weights.reduce(
    (sum, { shape, dtype, quantization }) => sum + sizeOf(shape) * STORED_BYTES[quantization?.dtype ?? dtype],
    0,
  );
  const shards = paths.map((path) => {
    const shard = files.get(path);
    if (shard === undefined) throw invalid(`a file for the weight shard ${path}`, 'none');
    return shard;
  });
  const actual = shards.reduce((sum, { length }) => sum + length, 0);
  if (actual !== expected) {
    throw invalid(`${expected} bytes in ${paths.join(', ') || 'no shards'}, as its weights take`, `${actual}`);
  }
  const bytes = new Uint8Array(actual);
  let offset = 0;
  for (const shard of shards) {
    bytes.set(shard, offset);
    offset += shard.length;
  }
  return bytes;
}

const invalid = (expected: string, got: string): EngineError =>
  new EngineError('INVALID_MODEL', `expected ${expected}, got ${got}`);
