import { EngineError } from '../../errors.js';
import type { NodeDef } from '../../onnx/graph.js';
import type { GradientRule } from '../gradient-rule.js';
import { mul } from './mul.js';
import { relu } from './relu.js';

/** Every operator that the engine can differentiate, one line each, in alphabetical order. */
const rules: Readonly<Record<string, GradientRule>> = {
  Mul: mul,
  Relu: relu,
};

export const ruleNames: readonly string[] = Object.keys(rules);

/** Whether the operator has a rule. */
export const hasRule = ({ opType, domain }: Pick<NodeDef, 'opType' | 'domain'>): boolean =>
  domain === '' && Object.hasOwn(rules, opType);

/** @throws EngineError `UNSUPPORTED_OP`. Thrown when the operator has no rule. */
export function findRule(node: Pick<NodeDef, 'opType' | 'domain' | 'name'>): GradientRule {
  const rule = hasRule(node) ? rules[node.opType] : undefined;
  if (rule === undefined) {
    const opType = node.domain === '' ? node.opType : `${node.domain}.${node.opType}`;
    throw new EngineError(
      'UNSUPPORTED_OP',
      `expected an operator with a gradient rule, got ${opType} (node ${node.name})`,
      {
        metadata: { opType, node: node.name },
      },
    );
  }
  return rule;
}
