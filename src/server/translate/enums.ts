import {
  Condition,
  HoudiniPush,
  Iterate,
  Norm,
  RandomStart,
  AttackField as WireAttackField,
  LabelSource as WireLabelSource,
  RunPhase as WireRunPhase,
  TerminatedBy as WireTerminatedBy,
} from '../../contract/robustgate/v1/attack.js';
import { GradientSupport } from '../../contract/robustgate/v1/model.js';
import { Combination } from '../../contract/robustgate/v1/objective.js';
import { PredictField as WirePredictField } from '../../contract/robustgate/v1/predict.js';
import type { Violations } from '../../engine/index.js';

/** Words of the engine by the numbers of the contract. */
export const COMBINATIONS = {
  [Combination.SUM]: 'sum',
  [Combination.BALANCED]: 'balanced',
  [Combination.SIGN_SUM]: 'sign-sum',
} as const;
export const RANDOM_STARTS = {
  [RandomStart.NONE]: 'none',
  [RandomStart.UNIFORM]: 'uniform',
  [RandomStart.UPPER_CORNER]: 'upper-corner',
} as const;
export const NORMS = { [Norm.LINF]: 'linf', [Norm.L2]: 'l2' } as const;
export const HOUDINI_PUSHES = { [HoudiniPush.ANALYTIC]: 'analytic', [HoudiniPush.ONE_SIDED]: 'one-sided' } as const;
export const ITERATES = { [Iterate.LAST]: 'last', [Iterate.BEST]: 'best' } as const;
export const ATTACK_FIELDS = {
  [WireAttackField.ADVERSARIAL_PNG]: 'adversarial-8bit',
  [WireAttackField.LABEL_MAPS]: 'label-maps',
  [WireAttackField.ADVERSARIAL_TENSOR]: 'adversarial-tensor',
  [WireAttackField.PERTURBATION]: 'perturbation',
  [WireAttackField.RAW_OUTPUTS]: 'raw-outputs',
} as const;
export const PREDICT_FIELDS = {
  [WirePredictField.LABELS]: 'labels',
  [WirePredictField.VALUES]: 'values',
  [WirePredictField.RAW]: 'raw',
} as const;
export const PHASES = {
  [WireRunPhase.QUEUED]: 'queued',
  [WireRunPhase.COMPILING]: 'compiling',
  [WireRunPhase.ATTACKING]: 'attacking',
  [WireRunPhase.VERIFYING]: 'verifying',
} as const;
export const TERMINATIONS = {
  [WireTerminatedBy.COMPLETED]: 'completed',
  [WireTerminatedBy.EARLY_STOP]: 'early-stop',
  [WireTerminatedBy.DEADLINE]: 'deadline',
  [WireTerminatedBy.DRAIN]: 'drain',
} as const;
export const LABEL_SOURCES = {
  [WireLabelSource.REQUEST]: 'request',
  [WireLabelSource.PREDICTION]: 'prediction',
  [WireLabelSource.INPUT]: 'input',
} as const;
export const CONDITIONS = { [Condition.CLEAN]: 'clean', [Condition.ADVERSARIAL]: 'adversarial' } as const;
export const GRADIENT_SUPPORTS = {
  [GradientSupport.RULE]: 'rule',
  [GradientSupport.ZERO]: 'zero',
  [GradientSupport.MISSING]: 'missing',
} as const;

/** The word for a number of the contract; `undefined`, with a violation unless it is 0, where there is none. */
export function wordFor<Word extends string>(
  words: Readonly<Record<number, Word>>,
  number: number | undefined,
  field: string,
  violations: Violations,
): Word | undefined {
  if (number === undefined || number === 0) return undefined;
  const word = words[number];
  if (word === undefined) violations.add(field, `expected one of ${Object.keys(words).join(', ')}, got ${number}`);
  return word;
}

/** The number for a word of the engine. */
export function numberFor<Numbers extends number, Word extends string>(
  words: Readonly<Record<Numbers, Word>>,
  word: NoInfer<Word>,
): Numbers {
  const entry = Object.entries(words).find(([, candidate]) => candidate === word);
  return Number(entry?.[0] ?? 0) as Numbers;
}
