import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadNetwork } from '../../src/engine/models/load-network.js';
import type { TaskInfo } from '../../src/engine/models/model-info.js';
import type { GradientProgram, Network, ProgramOutput } from '../../src/engine/models/network.js';
import { keyedRandom } from '../../src/engine/tensor/random.js';
import { fixture, missingFixtures } from '../support/fixtures.js';
import { testWith } from '../support/test-with.js';

/** YuNet's heads at its three strides. */
const heads = (name: string, rest: string): string =>
  [8, 16, 32].map((stride) => `  - { name: ${name}_${stride}, ${rest} }`).join('\n');

/** Its objectness before the sigmoid: without a face it is so near 0 after it that float32 holds few steps of it. */
const objectness = [
  [8, 366],
  [16, 378],
  [32, 390],
].map(([stride, tensor]) => `  - { name: obj_${stride}, kind: score-map, output: "${tensor}" }`);

const models: Readonly<Record<string, string>> = {
  'ultraface-rfb-320': `
input: { kind: image, scale: 0.0078125, offset: -0.9921875 }
tasks:
  - { name: scores, kind: semantic-segmentation, classAxis: -1, activation: softmax }
  - { name: boxes, kind: box-regression }`,
  'yunet-n-320': `
input: { kind: image, colorOrder: BGR }
tasks:
${heads('cls', 'kind: score-map, activation: sigmoid')}
${objectness.join('\n')}
${heads('bbox', 'kind: box-regression')}
${heads('kps', 'kind: box-regression')}`,
  fastestdet: `
input: { kind: image, colorOrder: BGR, scale: 0.00392156862745098 }
tasks:
  - { name: map, kind: regression, output: "758" }`,
  cifar10_resnet_2b: `
input: { kind: image, mean: [.4914, .4822, .4465], std: [.2471, .2435, .2616] }
tasks:
  - { name: class, kind: classification, output: "33" }`,
};

for (const [name, configText] of Object.entries(models)) {
  const path = `models/${name}.onnx`;
  testWith(
    missingFixtures(path),
    `every head of ${name} has the gradient that directional differences see`,
    async (t) => {
      const file = readFileSync(fixture(path));
      const source = { name, version: '1', configText, file, externalFiles: new Map() };
      const sha256 = createHash('sha256').update(file).digest('hex');
      const options = {
        role: 'attack',
        runtime: { threads: 2, allowSpinning: false },
        memoryBudgetBytes: 2 ** 32,
      } as const;
      const network = await loadNetwork({ ...source, sha256 }, options);
      try {
        for (const task of network.info.tasks) {
          t.deepEqual(task.gradientObstacles, []);
          for (const { predicted, measured } of await directions(network, task)) {
            const error = Math.abs(measured - predicted) / Math.abs(predicted);
            t.true(error < 0.02, `${task.name}: ${measured} along a direction where the gradient says ${predicted}`);
          }
        }
      } finally {
        await network.dispose();
      }
    },
  );
}

/** Slopes of a task's loss along parts of its gradient: what the gradient says, and what central differences say. */
async function directions(network: Network, task: TaskInfo) {
  const shape = network.info.input.shape;
  // The corners of absolute errors are too close together for differences.
  const loss = task.labelForm === 'numbers' ? 'mse' : task.loss;
  const program = await network.program({
    tasks: [{ task: task.name, loss }],
    inputShape: shape,
    batchSize: 1,
  });
  const draw = keyedRandom('start', 1, task.name, 0);
  const length = shape.reduce((product, axis) => product * axis, 1);
  const width = shape.at(-1) ?? 1;
  // Smooth with some grain: of pure noise, detectors say nothing with a certainty that float32 cannot tell from 0.
  const pixels = Float32Array.from(
    { length },
    (_, i) => 127 + 60 * Math.sin((i % width) / 9) + 40 * Math.sin(i / width / 13) + 20 * draw(),
  );
  const labels = labelsOf(task, draw);
  const at = (point: Float32Array) => evaluate(program, task, point, shape, labels);
  const { losses, gradient } = await at(pixels);
  return Promise.all(
    [1, 0.5, 0.1].map(async (share) => {
      const part = gradient.data.map((slope) => (draw() < share ? slope : 0));
      const norm = Math.sqrt(part.reduce((sum, slope) => sum + slope * slope, 0));
      const predicted = part.reduce((sum, slope, i) => sum + slope * (gradient.data[i] as number), 0) / norm;
      // Long enough that float32 losses differ in many digits, and short enough that few rectifiers change sides.
      const step = (3e-5 * (losses.data[0] as number)) / predicted;
      const moved = (sign: number) => pixels.map((level, i) => level + (sign * step * (part[i] as number)) / norm);
      const [ahead, behind] = [await at(moved(1)), await at(moved(-1))];
      const measured = ((ahead.losses.data[0] as number) - (behind.losses.data[0] as number)) / (2 * step);
      return { predicted, measured };
    }),
  );
}

/** Drawn labels: classes, or numbers from 0 to 1. */
function labelsOf(task: TaskInfo, draw: () => number): Float32Array {
  const classAxis = (task.classAxis + task.shape.length) % task.shape.length;
  const isClasses = task.labelForm === 'class' || task.labelForm === 'class-map';
  const shape = isClasses ? task.shape.filter((_, axis) => axis !== classAxis) : task.shape;
  const length = shape.reduce((product, axis) => product * axis, 1);
  return Float32Array.from({ length }, () => (isClasses ? Math.floor(draw() * task.classCount) : draw()));
}

function evaluate(
  program: GradientProgram,
  { name }: TaskInfo,
  point: Float32Array,
  shape: readonly number[],
  labels: Float32Array,
): Promise<ProgramOutput> {
  return program.run({
    pixels: { data: point, shape: [1, ...shape] },
    extraInputs: new Map(),
    weights: Float32Array.of(1),
    isBalanced: false,
    labels: new Map([[name, labels]]),
    valid: new Map([[name, new Uint8Array(labels.length).fill(1)]]),
  });
}
