import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { demoModels, gatewayOf } from '../support/gateway.js';
import { missingPython, python } from '../support/python.js';
import { root } from '../support/street.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { testWith } from '../support/test-with.js';

const run = promisify(execFile);
testWith(
  missingPython,
  'the Python client of the README attacks the demo model, with stubs made from proto/',
  async (t) => {
    const stubs = join(await temporaryFolder(t), 'stubs');
    await mkdir(stubs);
    const protos = (await readdir(join(root, 'proto/robustgate/v1'))).map((name) => `proto/robustgate/v1/${name}`);
    const generate = `protoc -I proto --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" \
    --python_out="$0" --grpc_python_out="$0" "$@"`;
    await run('sh', ['-c', generate, stubs, ...protos], { cwd: root });

    const { gateway } = await gatewayOf(t, demoModels);
    const { stdout } = await run(`${python}`, ['examples/python/attack.py', gateway.grpcAddress, 'demo/scenes'], {
      cwd: root,
      env: { ...process.env, PYTHONPATH: stubs },
    });
    const [spec, ...tasks] = stdout.trim().split('\n');
    t.is(spec, 'pgd(steps=10,eps=4)@sum(segmentation=1,depth=1,reconstruction=1)');
    const figures = tasks.map((line) => /^(\w+) ([\w-]+): ([\d.]+) -> ([\d.]+)/.exec(line)?.slice(1));
    t.deepEqual(
      figures.map((row) => row?.[0]),
      ['segmentation', 'depth', 'reconstruction'],
    );
    const [segmentation, depth] = figures.map((row) => row?.slice(2).map(Number) ?? []);
    t.true((segmentation?.[1] ?? 1) < (segmentation?.[0] ?? 0), 'mIoU falls');
    t.true((depth?.[1] ?? 0) > (depth?.[0] ?? 1), 'the depth error grows');
  },
);
