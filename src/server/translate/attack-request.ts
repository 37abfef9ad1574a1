import { type AttackRequest, AttackField as WireAttackField } from '../../contract/robustgate/v1/attack.js';
import type { Objective } from '../../contract/robustgate/v1/objective.js';
import {
  type AttackField,
  type AttackJob,
  type AttackSpecRequest,
  EngineError,
  type ModelInfo,
  resolveAttackSpec,
  Violations,
} from '../../engine/index.js';
import type { GatewayConfig } from '../config.js';
import { ATTACK_FIELDS, COMBINATIONS, HOUDINI_PUSHES, ITERATES, NORMS, RANDOM_STARTS, wordFor } from './enums.js';
import { gathering } from './together.js';

/** What comes with results where the request does not say. */
const DEFAULT_FIELDS: readonly AttackField[] = ['adversarial-8bit', 'label-maps'];

/** A job without its inputs. */
export type AttackWish = Omit<AttackJob, 'inputs'>;

/**
 * What a request asks for, beside its examples.
 *
 * @param labelled names of the tasks for which some example has a label
 *
 * @throws EngineError `INVALID_REQUEST`. Thrown when something is wrong, with a violation for each.
 */
export function readAttackWish(
  request: AttackRequest,
  model: ModelInfo,
  labelled: ReadonlySet<string>,
  limits: GatewayConfig['limits'],
): AttackWish {
  const violations = new Violations();
  const asked = readSpecRequest(request, violations);
  const fields = request.fields.flatMap((field, i): AttackField[] => {
    if (field === WireAttackField.NONE) return [];
    const word = wordFor(ATTACK_FIELDS, field, `fields[${i}]`, violations);
    return word === undefined ? [] : [word];
  });
  const progressEverySteps = request.progressEverySteps ?? 1;
  violations.expect(progressEverySteps >= 1, 'progress_every_steps', `expected at least 1, got ${progressEverySteps}`);
  const spec = gathering(violations, () => resolveAttackSpec(asked, model, labelled));
  const steps = spec === undefined ? 0 : spec.parameters.steps * spec.parameters.restarts;
  const text = `expected at most ${limits.steps} steps over all restarts, got ${steps}`;
  violations.expect(steps <= limits.steps, 'attack.steps', text);
  violations.throwIfAny('INVALID_REQUEST');
  if (spec === undefined) throw new EngineError('INTERNAL', 'expected a spec or violations, got neither');
  return {
    spec,
    labelFree: asked.labelFree,
    progressEverySteps,
    fields: fields.length > 0 || request.fields.includes(WireAttackField.NONE) ? [...new Set(fields)] : DEFAULT_FIELDS,
  };
}

function readSpecRequest(request: AttackRequest, violations: Violations): AttackSpecRequest {
  const { attack } = request;
  return {
    attack: attack?.name ?? '',
    parameters: {
      epsilon: attack?.epsilon,
      stepSize: attack?.stepSize,
      steps: attack?.steps,
      restarts: attack?.restarts,
      randomStart: wordFor(RANDOM_STARTS, attack?.randomStart, 'attack.random_start', violations),
      decay: attack?.decay,
      normalizeGradient: attack?.normalizeGradient,
      norm: wordFor(NORMS, attack?.norm, 'attack.norm', violations),
      houdiniPush: wordFor(HOUDINI_PUSHES, attack?.houdiniPush, 'attack.houdini_push', violations),
      iterate: wordFor(ITERATES, attack?.iterate, 'attack.iterate', violations),
      earlyStop: attack?.earlyStop,
    },
    mtrobustCompat: attack?.mtrobustCompat ?? false,
    combination: wordFor(COMBINATIONS, request.objective?.combination, 'objective.combination', violations),
    tasks: requestedTasks(request.objective),
    targeted: request.targeted ?? false,
    labelFree: request.labelFree ?? false,
    seed: request.seed === undefined ? undefined : Number(request.seed),
    batchSize: request.batchSize,
    fullBatches: request.fullBatches,
  };
}

const requestedTasks = (objective: Objective | undefined): AttackSpecRequest['tasks'] =>
  (objective?.tasks ?? []).map(({ task, weight, loss }) => ({ task, weight, loss }));
