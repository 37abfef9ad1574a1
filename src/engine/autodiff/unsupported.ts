import { EngineError } from '../errors.js';
import type { ForwardNode } from './gradient-rule.js';

/** The error of a rule that meets a form of its operator that it does not cover. */
export const unsupported = (node: Pick<ForwardNode, 'opType' | 'name'>, form: string): EngineError =>
  new EngineError(
    'UNSUPPORTED_OP',
    `expected ${node.opType} (node ${node.name}) in a form with a gradient, got ${form}`,
    {
      metadata: { opType: node.opType, node: node.name },
    },
  );
