import type { ModelDef } from '../../graph.js';

/** The operator set that rules are written for. */
export const TARGET_OPSET = 18;

/** The model in opset 18, or in its own newer one. */
export function upgradeOpset(model: ModelDef): ModelDef {
  return { ...model, opsets: new Map(model.opsets).set('', Math.max(TARGET_OPSET, model.opsets.get('') ?? 0)) };
}
