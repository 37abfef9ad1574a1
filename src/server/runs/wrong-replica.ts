import { EngineError } from '../../engine/index.js';
import type { GatewayConfig } from '../config.js';
import { replicaOf } from './run-id.js';

/**
 * The answer to who asks for a run that another replica began, with its address where that is known; `undefined` where the id
 * names none, or this one.
 */
export function wrongReplica(
  id: string,
  { replica: own, advertisedAddress }: Pick<GatewayConfig, 'replica' | 'advertisedAddress'>,
): EngineError | undefined {
  const replica = replicaOf(id);
  if (replica === undefined || replica === own) return undefined;
  const address = advertisedAddress?.replaceAll('{replica}', replica);
  const text = `expected a run of ${own}, got one of ${replica}${address === undefined ? '' : ` at ${address}`}`;
  return new EngineError('WRONG_REPLICA', text, {
    metadata: { run: id, replica, ...(address !== undefined && { address }) },
  });
}
