import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { PACKAGE_ROOT } from '../../src/cli/package-version.js';
import { type Instruction, parseDockerfile, type Stage } from '../support/dockerfile.js';
import { parseCommand } from '../support/parse-command.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const at = (path: string): string => fileURLToPath(new URL(path, PACKAGE_ROOT));
const read = (path: string): string => readFileSync(at(path), 'utf8');
const packageJson = JSON.parse(read('package.json')) as {
  version: string;
  engines: { node: string };
  dependencies: Record<string, string>;
};

/** Container files, the major version of Node that each is on, and what its models run on. */
const FILES = [
  ['Dockerfile', 24, 'node:24-bookworm-slim'],
  ['Dockerfile.cuda', 24, 'nvidia/cuda:12.'],
  ['Dockerfile.tfjs-gpu', 22, 'nvidia/cuda:11.'],
] as const;

const all = (stage: Stage, name: string): readonly Instruction[] =>
  stage.instructions.filter((instruction) => instruction.name === name);

/** Whether the context that Docker gets has a file: the last line of .dockerignore that fits says. */
function isInContext(path: string): boolean {
  const lines = read('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const fits = (pattern: string): boolean => pattern === '*' || path === pattern || path.startsWith(`${pattern}/`);
  return lines.reduce((isIn, line) => (fits(line.replace(/^!/, '')) ? line.startsWith('!') : isIn), true);
}

for (const [file, node, image] of FILES) {
  const stages = parseDockerfile(read(`deploy/docker/${file}`));
  const final = stages.at(-1);

  test(`${file} copies only what is there, or what an earlier stage made`, (t) => {
    const names = stages.map(({ name }) => name);
    const copies = stages.flatMap((stage, i) =>
      all(stage, 'COPY').map((copy) => ({ ...copy, before: names.slice(0, i) })),
    );
    t.true(copies.length >= 10);
    for (const { words, flags, before } of copies) {
      if (flags['from'] !== undefined) t.true(before.includes(flags['from']), flags['from']);
      else for (const source of words.slice(0, -1)) t.true(existsSync(at(source)) && isInContext(source), source);
    }
  });

  test(`${file} is on a Node that the package allows, and says its version`, (t) => {
    const least = Number(/^>=(\d+)/.exec(packageJson.engines.node)?.[1]);
    for (const stage of stages.slice(0, -1)) t.is(stage.image, `node:${node}-bookworm-slim`);
    t.true(node >= least);
    t.true(final?.image.startsWith(image), final?.image);
    const [label] = final === undefined ? [] : all(final, 'LABEL');
    t.is(/image\.version="([^"]*)"/.exec(label?.text ?? '')?.[1], packageJson.version);
  });

  test(`${file} is not root, and its command is one that the command line takes`, async (t) => {
    if (final === undefined) throw new Error('expected stages, got none');
    t.deepEqual(
      all(final, 'USER').map(({ text }) => text),
      ['1000:1000'],
    );
    const [entry, command] = ['ENTRYPOINT', 'CMD'].map(
      (name) => JSON.parse(all(final, name)[0]?.text ?? '[]') as string[],
    );
    t.deepEqual(entry, ['node', '/app/bin/robustgate.js']);
    await t.notThrowsAsync(parseCommand(command ?? []));
    t.deepEqual(all(final, 'EXPOSE')[0]?.words, ['8001', '8002']);
    const binary = all(final, 'COPY').some(({ words }) => words[1] === '/usr/local/bin/node');
    t.is(binary, final.image.startsWith('nvidia/'), 'CUDA images have no Node of their own');
  });

  test(`${file} has all that the program reads beside its code`, (t) => {
    const copied = (final === undefined ? [] : all(final, 'COPY')).flatMap(({ words }) => words.slice(0, -1));
    for (const path of ['package.json', 'bin', 'proto', 'schemas', 'demo', '/app/dist/src', '/app/node_modules']) {
      t.true(copied.includes(path), path);
    }
  });

  test(`${file} installs without scripts of packages, but for those that it names`, (t) => {
    const runs = stages.flatMap((stage) => all(stage, 'RUN').map(({ text }) => text));
    for (const text of runs.filter((one) => one.startsWith('npm ci'))) t.regex(text, /--ignore-scripts$/);
    const scripts = runs.map((text) => /node (\S+\.m?js)/.exec(text)?.[1]).filter((path) => path !== undefined);
    const others = file === 'Dockerfile.cuda' ? ['node_modules/onnxruntime-node/script/install.js'] : [];
    t.deepEqual(scripts, ['deploy/docker/prune-native.mjs', 'scripts/sbom.mjs', ...others]);
    for (const path of scripts) t.true(existsSync(at(path)), path);
  });
}

test('the CUDA image asks for libraries that the package knows', (t) => {
  const [, flag] = /ONNXRUNTIME_NODE_INSTALL=(\w+)/.exec(read('deploy/docker/Dockerfile.cuda')) ?? [];
  const metadata = read('node_modules/onnxruntime-node/script/install-metadata.js');
  t.regex(metadata, new RegExp(`'linux/x64': \\['${flag}'\\]`));
});

test('the TF.js image has the native package of the version of the others', (t) => {
  const [, version] = /tfjs-node-gpu@(\S+)/.exec(read('deploy/docker/Dockerfile.tfjs-gpu')) ?? [];
  t.is(version, packageJson.dependencies['@tensorflow/tfjs-core']);
});

test('of native libraries those of the platform stay, and it is an error when there are none', async (t) => {
  const folder = await temporaryFolder(t);
  const bin = join(folder, 'onnxruntime-node/bin/napi-v6');
  for (const platform of ['linux/x64', 'linux/arm64', 'darwin/arm64', 'win32/x64']) {
    await mkdir(join(bin, platform), { recursive: true });
    await writeFile(join(bin, platform, 'binding.node'), '');
  }
  for (const name of ['client', 'linux-arm64-gnu', 'linux-arm64-musl'])
    await mkdir(join(folder, '@libsql', name), { recursive: true });
  const prune = (...words: string[]) =>
    promisify(execFile)(process.execPath, [at('deploy/docker/prune-native.mjs'), folder, ...words]);
  await prune('linux', 'arm64');
  const left = (await readdir(bin, { recursive: true })).filter((path) => path.endsWith('.node'));
  t.deepEqual(left, ['linux/arm64/binding.node']);
  t.deepEqual((await readdir(join(folder, '@libsql'))).sort(), ['client', 'linux-arm64-gnu']);
  await t.throwsAsync(prune('linux', 'riscv64'), { message: /expected libraries for linux\/riscv64/ });
});

test('the bill of materials names what is installed for production, and nothing of development', async (t) => {
  const file = join(await temporaryFolder(t), 'sbom.json');
  await promisify(execFile)(process.execPath, [at('scripts/sbom.mjs'), file], { cwd: at('.') });
  const { specVersion, metadata, components } = JSON.parse(await readFile(file, 'utf8')) as {
    specVersion: string;
    metadata: { component: { name: string; version: string } };
    components: { name: string; licenses?: object[] }[];
  };
  t.regex(specVersion, /^1\.\d$/);
  t.like(metadata.component, { name: 'robustgate', version: packageJson.version });
  const names = new Set(components.map(({ name }) => name));
  t.deepEqual(
    Object.keys(packageJson.dependencies).filter((name) => !names.has(name)),
    [],
  );
  t.false(names.has('typescript') || names.has('ava'));
});
