import { readdirSync } from 'node:fs';
import { setPriority } from 'node:os';
import type { Duplex } from 'node:stream';
import type { HostOptions } from '../protocol.js';
import { HostServer, type LoadModel } from './host-server.js';

/**
 * Makes this process a host. Its priority is set before any session is made: on Linux it belongs to each thread, and threads
 * that are there already would keep theirs.
 *
 * @param optionsText `HostOptions` as JSON
 */
export function runHost(stream: Duplex, optionsText: string, loadModel: LoadModel): void {
  const options = JSON.parse(optionsText) as HostOptions;
  if (options.nice !== 0) lowerPriority(options.nice);
  // A signal to the whole process group, as Ctrl-C sends, is the gateway's to act on: hosts end when it does.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  new HostServer(stream, options, loadModel, () => process.exit(0));
}

/** Lowers the priority of every thread that is there: those of the JavaScript engine, which were started with the process, too. */
function lowerPriority(nice: number): void {
  setPriority(nice);
  if (process.platform !== 'linux') return;
  for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), nice);
}
