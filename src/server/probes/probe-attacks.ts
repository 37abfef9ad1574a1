import { type AttackSpecRequest, EngineError, parseGate, parseSpec, type Violations } from '../../engine/index.js';
import type { ProbeConfig } from './probe-config.js';

/**
 * The attacks of a probe, those without an objective with the probe's.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when one is no text form of an attack; `checkProbe` names the key.
 */
export const probeAttacks = ({ attacks, objective }: Pick<ProbeConfig, 'attacks' | 'objective'>): AttackSpecRequest[] =>
  attacks.map((text) => parseSpec(objective === undefined || text.includes('@') ? text : `${text}@${objective}`));

/**
 * Adds what is wrong with a probe beside what its schema says.
 *
 * @param field of the probe in the configuration
 * @param datasets names of those that are configured
 */
export function checkProbe(
  probe: ProbeConfig,
  field: string,
  datasets: readonly string[],
  violations: Violations,
): void {
  const { model, modelLabels, dataset, attacks, objective, gates } = probe;
  if ((model === undefined) === (modelLabels === undefined)) {
    violations.add(`${field}.model`, `expected model or modelLabels, got ${model === undefined ? 'neither' : 'both'}`);
  }
  if (!datasets.includes(dataset)) {
    const names = datasets.join(', ') || 'none';
    violations.add(`${field}.dataset`, `expected one of the datasets (${names}), got ${dataset}`);
  }
  for (const [i, text] of attacks.entries()) {
    const problem = problemOf(() => parseSpec(text));
    if (problem !== undefined) violations.add(`${field}.attacks[${i}]`, problem);
  }
  for (const [i, text] of gates.entries()) {
    const problem = problemOf(() => parseGate(text));
    if (problem !== undefined) violations.add(`${field}.gates[${i}]`, problem);
  }
  const problem = objective === undefined ? undefined : problemOf(() => parseSpec(`pgd@${objective}`));
  if (problem !== undefined) violations.add(`${field}.objective`, problem);
}

function problemOf(parse: () => unknown): string | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (error instanceof EngineError && error.code === 'INVALID_OPTION') return error.message;
    throw error;
  }
}
