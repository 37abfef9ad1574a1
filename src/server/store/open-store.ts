import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EngineError } from '../../engine/index.js';
import { type GatewayConfig, IN_MEMORY } from '../config.js';
import type { Logger } from '../logger.js';
import { type Database, openDatabase } from './database.js';
import { MIGRATIONS } from './migrations/index.js';

/**
 * Opens the history of a gateway, whose tables are those of all migrations.
 *
 * @throws EngineError `STORE_UNAVAILABLE`. Thrown when the file cannot be opened or written, or a later robustgate made it.
 */
export async function openStore({ history: { path } }: GatewayConfig, log: Logger): Promise<Database> {
  if (path === IN_MEMORY) {
    log.info({}, 'history is kept in memory and ends with this process: stateDirectory says where to keep it');
  } else await makeFolder(dirname(path));
  return await openDatabase(path, MIGRATIONS);
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new EngineError('STORE_UNAVAILABLE', `expected a folder at ${path}, got: ${cause}`, {}, { cause });
  }
}
