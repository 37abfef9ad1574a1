import {
  AttackField,
  Combination,
  Condition,
  GradientSupport,
  HoudiniPush,
  Iterate,
  LabelSource,
  ModelState,
  Norm,
  ProbeTrigger,
  ProbeVerdict,
  RandomStart,
  RunPhase,
  TerminatedBy,
} from '../clients/index.js';
import { enumName } from './format.js';

/** The enums of the contract by the names of the fields that hold them. */
const ENUMS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  combination: Combination,
  condition: Condition,
  field: AttackField,
  gradient: GradientSupport,
  houdiniPush: HoudiniPush,
  iterate: Iterate,
  labelSource: LabelSource,
  norm: Norm,
  phase: RunPhase,
  randomStart: RandomStart,
  state: ModelState,
  terminatedBy: TerminatedBy,
  trigger: ProbeTrigger,
  verdict: ProbeVerdict,
};

/**
 * A message of the contract as a value that JSON can hold: 64-bit numbers as numbers, members of enums by their names,
 * numbers that are not finite as null, and without bytes and what is not set.
 */
export function plain(value: unknown, key = ''): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value === 'number') {
    const members = ENUMS[key];
    if (members !== undefined) return enumName(members, value);
    return Number.isFinite(value) ? value : null;
  }
  if (value instanceof Uint8Array) return undefined;
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, field]) => [name, plain(field, name)] as const);
  return Object.fromEntries(entries.filter(([, field]) => field !== undefined));
}

/** The document of `--json`. */
export const jsonDocument = (value: unknown): string => `${JSON.stringify(plain(value), undefined, 2)}\n`;
