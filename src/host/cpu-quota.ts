import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Reads a file, or gives `undefined` where there is none. */
export type ReadText = (path: string) => string | undefined;

const readText: ReadText = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

/**
 * Cores that this process may use, at least 1: what the control group allows, else the processors that it may run on; never
 * simply the cores of the machine, of which a container has a part.
 *
 * Source: https://docs.kernel.org/admin-guide/cgroup-v2.html (cpu.max) and its predecessor (cpu.cfs_quota_us)
 */
export function usableCores(read: ReadText = readText, allowed: number = availableParallelism()): number {
  const quota = quotaV2(read) ?? quotaV1(read) ?? Infinity;
  return Math.max(1, Math.min(allowed, Math.floor(quota)));
}

/** `QUOTA PERIOD`, in microseconds, or `max PERIOD`; the tightest on the way up from our own group. */
function quotaV2(read: ReadText): number | undefined {
  const path = /^0::(.*)$/m.exec(read('/proc/self/cgroup') ?? '')?.[1] ?? '/';
  const folders = path.split('/').filter((part) => part !== '');
  const quotas = [...folders.keys(), folders.length].flatMap((depth) => {
    const folder = ['/sys/fs/cgroup', ...folders.slice(0, depth)].join('/');
    const [quota, period] = (read(`${folder}/cpu.max`) ?? 'max').trim().split(' ').map(Number);
    return quota && period ? [quota / period] : [];
  });
  return quotas.length === 0 ? undefined : Math.min(...quotas);
}

function quotaV1(read: ReadText): number | undefined {
  const quota = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'));
  const period = Number(read('/sys/fs/cgroup/cpu/cpu.cfs_period_us'));
  return quota > 0 && period > 0 ? quota / period : undefined;
}
