// Runs the tests on every Node that is supported. The binaries come from npm, into a folder that is deleted afterwards.
//
// Usage: node scripts/test-nodes.mjs [MAJOR…]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const VERSIONS = { 20: '20.19.0', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' };

const asked = process.argv.slice(2);
const majors = asked.length > 0 ? asked : Object.keys(VERSIONS);
const folder = mkdtempSync(join(tmpdir(), 'robustgate-nodes-'));
const failed = [];
try {
  for (const major of majors) {
    const version = VERSIONS[major];
    if (version === undefined) throw new Error(`expected one of ${Object.keys(VERSIONS).join(', ')}, got ${major}`);
    const node = install(version);
    console.log(`\nNode ${version}`);
    const env = { ...process.env, PATH: `${join(node, '..')}:${process.env.PATH}` };
    const npm = realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
    for (const script of ['test:unit', 'test:e2e']) {
      const { status } = spawnSync(node, [npm, 'run', script], { stdio: 'inherit', env });
      if (status !== 0) failed.push(`${version} (${script})`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(failed.length === 0 ? 'all passed' : `failed on ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

function install(version) {
  const name = `node-${process.platform}-${process.arch}@${version}`;
  const packed = execFileSync('npm', ['pack', '--silent', name], { cwd: folder, encoding: 'utf8' }).trim();
  const to = join(folder, version);
  execFileSync('sh', ['-c', `mkdir "${to}" && tar -xzf "${packed}" -C "${to}"`], { cwd: folder });
  return join(to, 'package/bin/node');
}
