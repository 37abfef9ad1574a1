// Makes the committed, generated files from proto/ and schemas/; with --check, fails where they are out of date.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const env = { ...process.env, PATH: [join(root, 'node_modules/.bin'), process.env.PATH].join(delimiter) };
const buf = (...args) => execFileSync('buf', args, { cwd: root, env, stdio: 'inherit' });

// Foreign schemas live beside what reads them; of those whose services we offer, these are made too.
const foreign = (schema, out, services = 'outputServices=none') => {
  const options = `${services},esModuleInterop=true,importSuffix=.js,forceLong=bigint,useExactTypes=false,outputJsonMethods=false,outputPartialMethods=false,outputTypeRegistry=false`;
  const plugin = { version: 'v2', plugins: [{ local: 'protoc-gen-ts_proto', out, opt: options.split(',') }] };
  buf('generate', 'schemas', '--path', `schemas/${schema}`, '--template', JSON.stringify(plugin));
};

/** Everything that is generated, below `target`. */
function generate(target) {
  buf('generate', '-o', target);
  foreign('google_rpc.proto', join(target, 'src/contract/google'));
  foreign(
    'open_inference.proto',
    join(target, 'src/contract/inference'),
    'outputServices=grpc-js,oneof=unions-value,enumsAsLiterals=true',
  );
  foreign('onnx.proto', join(target, 'src/engine/onnx/schema'));
  buf('build', '-o', join(target, 'proto/descriptor.binpb'));
  const oip = join(target, 'proto/open_inference.binpb');
  buf('build', 'schemas', '--path', 'schemas/open_inference.proto', '-o', oip);
}

const filesOf = (folder) =>
  readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

const fresh = mkdtempSync(join(tmpdir(), 'robustgate-generate-'));
try {
  execFileSync('mkdir', ['-p', join(fresh, 'proto')]);
  generate(fresh);
  if (process.argv.includes('--check')) {
    const stale = filesOf(fresh)
      .map((path) => relative(fresh, path))
      .filter((path) => {
        try {
          return !readFileSync(join(fresh, path)).equals(readFileSync(join(root, path)));
        } catch {
          return true;
        }
      });
    if (stale.length > 0) {
      console.error(
        `expected generated files to be up to date, got other ones; run npm run generate:\n  ${stale.join('\n  ')}`,
      );
      process.exitCode = 1;
    }
  } else {
    rmSync(join(root, 'src/contract'), { recursive: true, force: true });
    cpSync(fresh, root, { recursive: true });
  }
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
