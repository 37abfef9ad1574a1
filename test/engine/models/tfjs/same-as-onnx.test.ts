import { loadNetwork } from '../../../../src/engine/models/load-network.js';
import type { TaskInfo } from '../../../../src/engine/models/model-info.js';
import type { Network, ProgramInput } from '../../../../src/engine/models/network.js';
import { keyedRandom } from '../../../../src/engine/tensor/random.js';
import { type Shape, sizeOf, withoutAxes } from '../../../../src/engine/tensor/shape.js';
import type { Tensor } from '../../../../src/engine/tensor/tensor.js';
import { probeBackends } from '../../../../src/host/probe-providers.js';
import { manyHeads } from '../../../support/many-heads.js';
import { openNetwork } from '../../../support/small-models.js';
import { golden, scene, streetSource } from '../../../support/street.js';
import { testWith } from '../../../support/test-with.js';
import { channelsLast, relativeDistance, twinOf } from '../../../support/tfjs.js';

const BATCH = 2;
const OPTIONS = { role: 'attack', runtime: { threads: 1, allowSpinning: false }, memoryBudgetBytes: 2 ** 30 } as const;

function randomTensor(shape: Shape, key: string, draw: (random: () => number) => number): Tensor {
  const random = keyedRandom('start', 1, key, 0);
  return { data: new Float32Array(sizeOf(shape)).map(() => draw(random)), shape };
}

/** Labels of a task, channels first, some of which do not count. */
function labelsFor(
  { labelForm, classAxis, classCount, name }: TaskInfo,
  shape: Shape,
): { labels: Tensor; valid: Tensor } {
  const isPerClass = labelForm === 'class' || labelForm === 'class-map';
  const full = [BATCH, ...(isPerClass ? withoutAxes(shape, [classAxis]) : shape)];
  const draw = (random: () => number): number => {
    if (isPerClass) return Math.floor(random() * classCount);
    return labelForm === 'multi-label' ? Math.round(random()) : 2 * random() - 1;
  };
  return {
    labels: randomTensor(full, name, draw),
    valid: randomTensor(full, `valid ${name}`, (random) => Number(labelForm === 'class' || random() > 0.1)),
  };
}

/** What an engine computes for one loss of one task, channels last. */
async function gradientOf(
  network: Network,
  { task, loss, isLast }: { task: TaskInfo; loss: string; isLast: boolean },
  pixels: Tensor,
  { labels, valid }: { labels: Tensor; valid: Tensor },
): Promise<{ losses: Tensor; scores: Tensor; gradient: Tensor }> {
  const layout = (tensor: Tensor): Tensor => (isLast && task.labelForm !== 'class-map' ? channelsLast(tensor) : tensor);
  const input: ProgramInput = {
    pixels: isLast ? channelsLast(pixels) : pixels,
    extraInputs: new Map(),
    weights: Float32Array.of(1, 0.5),
    isBalanced: false,
    labels: new Map([[task.name, layout(labels).data]]),
    valid: new Map([[task.name, Uint8Array.from(layout(valid).data)]]),
  };
  const inputShape = input.pixels.shape.slice(1);
  const program = await network.program({ tasks: [{ task: task.name, loss }], inputShape, batchSize: BATCH });
  const output = await program.run(input);
  return isLast ? output : { ...output, gradient: channelsLast(output.gradient) };
}

/** What ONNX Runtime computes of the small network: outputs, and every loss of every task. */
const reference = (async () => {
  const network = await loadNetwork(manyHeads(), OPTIONS);
  const pixels = randomTensor([BATCH, 3, 12, 16], 'pixels', (random) => 255 * random());
  const outputs = await network.predict(pixels, new Map());
  const cases = [];
  for (const task of network.info.tasks) {
    const labels = labelsFor(task, task.shape);
    for (const loss of task.losses) {
      const expected = await gradientOf(network, { task, loss, isLast: false }, pixels, labels);
      cases.push({ name: task.name, loss, labels, expected });
    }
  }
  await network.dispose();
  return { pixels, outputs, cases };
})();

// A driver may take the process with it that tries it.
const reports = await probeBackends({ signal: new AbortController().signal });

for (const { backend, works, reason } of reports) {
  const missing = works ? undefined : reason;

  testWith(
    missing,
    `on ${backend} a network with heads of every kind gives the outputs of ONNX Runtime to 1e-5, and its gradients to 1e-4`,
    async (t) => {
      const { pixels, outputs: expectedOutputs, cases } = await reference;
      const network = await openNetwork(t, twinOf(manyHeads(), backend));
      t.is(network.info.provider, backend);
      const outputs = await network.predict(channelsLast(pixels), new Map());
      for (const [name, expected] of expectedOutputs) {
        const distance = relativeDistance(outputs.get(name) as Tensor, channelsLast(expected));
        t.true(distance <= 1e-5, `${name} is off by ${distance}`);
      }
      for (const { name, loss, labels, expected } of cases) {
        const task = network.info.tasks.find((candidate) => candidate.name === name) as TaskInfo;
        t.true(task.attackable, `${task.gradientObstacles}`);
        const actual = await gradientOf(network, { task, loss, isLast: true }, pixels, labels);
        for (const part of ['losses', 'scores', 'gradient'] as const) {
          const distance = relativeDistance(actual[part], expected[part]);
          t.true(distance <= 1e-4, `${part} of ${loss} on ${name} are off by ${distance}`);
        }
      }
    },
  );

  testWith(missing, `on ${backend} the street model's gradients are PyTorch's to 1e-4`, async (t) => {
    const network = await loadNetwork(twinOf(streetSource(), backend), OPTIONS);
    t.teardown(() => network.dispose());
    const { pixels, shape, labels } = scene(0);
    const levels = channelsLast({ data: pixels, shape: [1, ...shape] });
    // JavaScript alone takes seconds for a step.
    const names = backend === 'cpu' ? ['segmentation'] : ['segmentation', 'depth'];
    const program = await network.program({
      tasks: names.map((task) => ({ task, loss: network.info.tasks.find(({ name }) => name === task)?.loss ?? '' })),
      inputShape: levels.shape.slice(1),
      batchSize: 1,
    });
    const known = names.map((task) => [task, labels.get(task)] as const);
    for (const [i, name] of names.entries()) {
      const { gradient } = await program.run({
        pixels: levels,
        extraInputs: new Map(),
        weights: Float32Array.from(names, (_, c) => Number(c === i)),
        isBalanced: false,
        labels: new Map(
          known.map(([task, label]) => [
            task,
            label?.data.map((v, n) => (label.valid[n] ? v : 0)) ?? new Float32Array(),
          ]),
        ),
        valid: new Map(known.map(([task, label]) => [task, label?.valid ?? new Uint8Array()])),
      });
      const expected = channelsLast({ data: golden(`grad_${name}`).subarray(0, pixels.length), shape: [1, ...shape] });
      const distance = relativeDistance(gradient, expected);
      t.true(distance <= 1e-4, `${name} is off by ${distance}`);
    }
  });
}
