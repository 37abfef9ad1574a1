import { createHash } from 'node:crypto';
import type { EvaluationIdentity } from './result.js';

/** Parts of an identity by name, as texts, in a fixed order. */
function partsOf(identity: EvaluationIdentity): readonly (readonly [name: string, value: string])[] {
  const { model, dataset, suite, seed, labelFree, limit } = identity;
  return [
    ['model.name', model.name],
    ['model.version', model.version],
    ['model.sha256', model.sha256],
    ['dataset.name', dataset.name],
    ['dataset.kind', dataset.kind],
    ['dataset.digest', dataset.digest],
    ['dataset.size', String(dataset.size)],
    ['suite', suite.join('; ')],
    ['seed', String(seed)],
    ['labelFree', String(labelFree)],
    ['limit', String(limit)],
  ];
}

/** SHA-256 in hexadecimal of an identity: shards of one evaluation have the same. */
export const identityDigest = (identity: EvaluationIdentity): string =>
  createHash('sha256')
    .update(JSON.stringify(partsOf(identity)))
    .digest('hex');

/** What differs between two identities. */
export function identityDifferences(
  expected: EvaluationIdentity,
  got: EvaluationIdentity,
): readonly { readonly field: string; readonly expected: string; readonly got: string }[] {
  const others = new Map(partsOf(got));
  return partsOf(expected).flatMap(([field, value]) => {
    const other = others.get(field) ?? '';
    return other === value ? [] : [{ field, expected: value, got: other }];
  });
}
