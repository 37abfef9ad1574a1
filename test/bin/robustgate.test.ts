import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { PACKAGE_ROOT } from '../../src/cli/package-version.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const MAIN = "process.stdout.write(process.argv.slice(2).join(' ') + '\\n');\nprocess.exitCode = 1;\nexport {};\n";

/** A package with our bin and the given main; its dependencies are ours, or none. */
async function packageWith(t: ExecutionContext, main: string, hasDependencies: boolean): Promise<string> {
  const folder = await temporaryFolder(t);
  await mkdir(join(folder, 'src/cli'), { recursive: true });
  await mkdir(join(folder, 'bin'));
  await copyFile(new URL('bin/robustgate.js', PACKAGE_ROOT), join(folder, 'bin/robustgate.js'));
  await writeFile(join(folder, 'src/cli/main.ts'), main);
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    module: 'NodeNext',
    target: 'ES2023',
    rootDir: '.',
    outDir: 'dist',
    types: ['node'],
    skipLibCheck: true,
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['src'] }));
  if (hasDependencies)
    await symlink(fileURLToPath(new URL('node_modules', PACKAGE_ROOT)), join(folder, 'node_modules'));
  return folder;
}

async function runBin(folder: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [join(folder, 'bin/robustgate.js'), ...args])) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

test('without dist/ the first call builds, others at the same time too, and later ones do not', async (t) => {
  const folder = await packageWith(t, MAIN, true);
  const expected = { code: 1, stdout: 'a b\n', stderr: '' };
  t.deepEqual(await Promise.all([runBin(folder, 'a', 'b'), runBin(folder, 'a', 'b')]), [expected, expected]);
  const main = join(folder, 'dist/src/cli/main.js');
  const { mtimeMs, ino } = await stat(main);
  t.deepEqual(await runBin(folder, 'a', 'b'), expected);
  t.like(await stat(main), { mtimeMs, ino });
  t.deepEqual((await readdir(folder)).sort(), ['bin', 'dist', 'node_modules', 'package.json', 'src', 'tsconfig.json']);
});

test('a build with errors is told, and leaves nothing behind', async (t) => {
  const folder = await packageWith(t, 'const steps: number = "ten";\nexport {};\n', true);
  const { code, stdout, stderr } = await runBin(folder);
  t.is(code, 3);
  t.is(stdout, '');
  t.regex(stderr, /^robustgate: expected a build without errors, got:\n.*main\.ts\(1,7\): error TS2322/);
  t.false((await readdir(folder)).some((name) => name.startsWith('dist')));
});

test('without dist/ and TypeScript the message says what to run', async (t) => {
  const folder = await packageWith(t, MAIN, false);
  const { code, stderr } = await runBin(folder);
  t.is(code, 3);
  t.regex(stderr, /^robustgate: expected dist\/, or TypeScript to build it, got neither: run `npm ci`/);
});
