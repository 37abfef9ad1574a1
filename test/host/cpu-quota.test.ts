import test from 'ava';
import { usableCores } from '../../src/host/cpu-quota.js';

const files = (content: Readonly<Record<string, string>>) => (path: string) => content[path];
const cases: readonly (readonly [what: string, content: Record<string, string>, allowed: number, cores: number])[] = [
  ['no control group', {}, 8, 8],
  [
    'a quota of 2.5 cores',
    { '/proc/self/cgroup': '0::/pod/a\n', '/sys/fs/cgroup/pod/a/cpu.max': '250000 100000\n' },
    8,
    2,
  ],
  [
    'a tighter quota further up',
    {
      '/proc/self/cgroup': '0::/pod/a\n',
      '/sys/fs/cgroup/pod/a/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/pod/cpu.max': '300000 100000\n',
    },
    8,
    3,
  ],
  [
    'a quota of the namespace itself',
    { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '400000 100000\n' },
    8,
    4,
  ],
  ['less than a core', { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '50000 100000\n' }, 8, 1],
  [
    'the first version',
    { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '300000', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' },
    8,
    3,
  ],
  [
    'the first version without a quota',
    { '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1', '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000' },
    8,
    8,
  ],
  [
    'fewer processors than the quota',
    { '/proc/self/cgroup': '0::/\n', '/sys/fs/cgroup/cpu.max': '400000 100000\n' },
    2,
    2,
  ],
];
for (const [what, content, allowed, cores] of cases) {
  test(`${what} gives ${cores} of ${allowed}`, (t) => {
    t.is(usableCores(files(content), allowed), cores);
  });
}
