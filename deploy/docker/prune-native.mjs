// Deletes native libraries for other platforms: of onnxruntime-node, which brings all, and of libsql, of which npm installs two.
//   node prune-native.mjs NODE_MODULES [PLATFORM] [ARCHITECTURE]
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const [modules, platform = process.platform, architecture = process.arch] = process.argv.slice(2);
const bin = join(modules, 'onnxruntime-node/bin');

const kept = [];
for (const version of readdirSync(bin)) {
  for (const system of readdirSync(join(bin, version))) {
    for (const processor of readdirSync(join(bin, version, system))) {
      const folder = join(bin, version, system, processor);
      if (system === platform && processor === architecture) kept.push(folder);
      else rmSync(folder, { recursive: true });
    }
  }
}

// The images are on glibc.
const libsql = join(modules, '@libsql');
for (const name of existsSync(libsql) ? readdirSync(libsql) : []) {
  if (name.endsWith('-musl')) rmSync(join(libsql, name), { recursive: true });
}

if (kept.length === 0) {
  console.error(`expected libraries for ${platform}/${architecture} in ${bin}, got none`);
  process.exitCode = 3;
}
