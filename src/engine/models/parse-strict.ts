import type { z } from 'zod';
import { type ErrorCode, Violations } from '../errors.js';

/**
 * The value as `schema` describes it.
 *
 * @throws EngineError of `code`. Thrown when something is wrong, with a violation for each; an unknown key is told with
 *   the valid key that is nearest to it.
 */
export function parseStrict<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  code: ErrorCode,
  file: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const violations = new Violations();
  for (const issue of flatten(result.error.issues)) {
    const field = pathOf(issue.path) || file;
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, issue.path);
      for (const key of issue.keys) violations.add(field === file ? key : `${field}.${key}`, unknownKey(key, known));
    } else {
      violations.add(field, issue.message);
    }
  }
  violations.throwIfAny(code);
  throw new Error('a failed parse without an issue');
}

const unknownKey = (key: string, known: readonly string[]): string => {
  const nearest = nearestTo(key, known);
  const hint = nearest === undefined ? `expected one of ${known.join(', ')}` : `did you mean ${nearest}?`;
  return `expected a known key, got ${key}; ${hint}`;
};

/** The issues of the branch of a union that comes closest: the one that fails deepest, and then with the fewest. */
function flatten(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
    const branches = issue.errors.map((errors) =>
      flatten(errors).map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
    );
    const depth = (branch: readonly z.core.$ZodIssue[]): number => branch[0]?.path.length ?? 0;
    return branches.toSorted((a, b) => depth(b) - depth(a) || a.length - b.length)[0] ?? [issue];
  });
}

const pathOf = (path: readonly PropertyKey[]): string =>
  path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );

/** Keys that the schema knows at `path`. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let candidates: z.ZodType[] = [schema];
  for (const part of path) candidates = candidates.flatMap((candidate) => childrenOf(candidate, part));
  return [...new Set(candidates.flatMap((candidate) => Object.keys(shapeOf(candidate))))];
}

function childrenOf(schema: z.ZodType, part: PropertyKey): z.ZodType[] {
  return variantsOf(schema).flatMap((variant) => {
    const { element, valueType } = variant.def as { element?: z.ZodType; valueType?: z.ZodType };
    if (typeof part === 'number') return element ? [element] : [];
    const child = shapeOf(variant)[part as string] ?? valueType;
    return child ? [child] : [];
  });
}

/** What is behind defaults, options and unions. */
function variantsOf(schema: z.ZodType): z.ZodType[] {
  const def = schema.def as { innerType?: z.ZodType; options?: z.ZodType[] };
  if (def.innerType) return variantsOf(def.innerType);
  if (def.options) return def.options.flatMap(variantsOf);
  return [schema];
}

const shapeOf = (schema: z.ZodType): Readonly<Record<string, z.ZodType>> =>
  Object.assign({}, ...variantsOf(schema).map((variant) => (variant.def as { shape?: object }).shape ?? {}));

/** The word with the fewest edits to `word`, if that is at most half of it. */
export function nearestTo(word: string, words: readonly string[]): string | undefined {
  const ranked = words
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.edits - b.edits);
  const [best] = ranked;
  return best !== undefined && best.edits <= Math.ceil(word.length / 2) ? best.candidate : undefined;
}

/** Levenshtein distance: insertions, deletions and replacements that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
