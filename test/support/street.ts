import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AttackParameters } from '../../src/engine/attacks/attack.js';
import { attackDefaults } from '../../src/engine/attacks/defaults.js';
import { decodePng } from '../../src/engine/images/decode-png.js';
import type { ModelSource } from '../../src/engine/models/model-source.js';
import type { AttackResult, AttackSummary } from '../../src/engine/runs/events.js';
import type { AttackField, AttackJob, JobInput } from '../../src/engine/runs/job.js';
import type { RunContext, ServedModel } from '../../src/engine/runs/served-model.js';
import type { AttackSpec, Combination } from '../../src/engine/runs/spec.js';
import { decodeNpy } from '../../src/engine/tensor/npy.js';

/** The folder of the project, from the compiled test. */
export const root = resolve(import.meta.dirname, '../../..');
const scenes = join(root, 'demo/scenes');

export function streetSource(): ModelSource {
  const file = readFileSync(join(root, 'demo/models/street/1/model.onnx'));
  return {
    name: 'street',
    version: '1',
    configText: readFileSync(join(root, 'demo/models/street/model.yaml'), 'utf8'),
    file,
    externalFiles: new Map(),
    sha256: createHash('sha256').update(file).digest('hex'),
  };
}

const sceneId = (index: number): string => `street_${String(index).padStart(6, '0')}_000000`;
export const scenePath = (kind: 'leftImg8bit' | 'gtFine' | 'disparity', index: number): string => {
  const suffix = { leftImg8bit: 'leftImg8bit', gtFine: 'gtFine_trainIds', disparity: 'disparity' }[kind];
  return join(scenes, kind, 'val/street', `${sceneId(index)}_${suffix}.png`);
};

/** A labelled scene as the model takes it. */
export function scene(index: number): JobInput {
  const image = decodePng(readFileSync(scenePath('leftImg8bit', index)), 1e6);
  const classes = decodePng(readFileSync(scenePath('gtFine', index)), 1e6);
  const disparity = decodePng(readFileSync(scenePath('disparity', index)), 1e6);
  const positions = image.width * image.height;
  const shape = [image.height, image.width];
  const pixels = new Float32Array(3 * positions);
  for (let i = 0; i < positions; i++)
    for (let c = 0; c < 3; c++) pixels[c * positions + i] = image.data[3 * i + c] as number;
  const label = (data: Float32Array, valid: Uint8Array) => ({ data, valid, shape });
  return {
    key: sceneId(index),
    pixels,
    shape: [3, ...shape],
    extraInputs: new Map(),
    labels: new Map([
      [
        'segmentation',
        label(
          Float32Array.from(classes.data),
          Uint8Array.from(classes.data, (id) => Number(id !== 255)),
        ),
      ],
      [
        'depth',
        label(
          Float32Array.from(disparity.data, (sample) => sample / 1000),
          new Uint8Array(positions).fill(1),
        ),
      ],
    ]),
  };
}

export const scenesUpTo = (count: number): JobInput[] => Array.from({ length: count }, (_, index) => scene(index));

/** A reference array, as float32. */
export function golden(name: string): Float32Array {
  return decodeNpy(readFileSync(join(root, 'test/fixtures/street', `${name}.npy`))).data as Float32Array;
}

/** Runs native calls at once, without a deadline. */
export const freely = (change: Partial<RunContext> = {}): RunContext => ({
  signal: new AbortController().signal,
  drain: new AbortController().signal,
  deadlineMs: undefined,
  transitMs: 0,
  gate: { sharing: 1, run: (_, __, ___, call) => call() },
  now: () => performance.now(),
  ...change,
});

/** An attack on tasks of the street model, from the clean pixels. */
export function attackSpec(
  model: Pick<ServedModel, 'info'>,
  attack: string,
  tasks: readonly string[],
  parameters: Partial<AttackParameters> = {},
  change: {
    loss?: string;
    combination?: Combination;
    seed?: number;
    targeted?: boolean;
    batchSize?: number;
    fullBatches?: boolean;
  } = {},
): AttackSpec {
  return {
    attack,
    parameters: { ...attackDefaults, randomStart: 'none', ...parameters },
    objective: {
      combination: change.combination ?? 'sum',
      tasks: tasks.map((task) => ({
        task,
        weight: 1,
        loss: change.loss ?? model.info.tasks.find(({ name }) => name === task)?.loss ?? '',
      })),
    },
    targeted: change.targeted ?? false,
    seed: change.seed ?? 0,
    batchSize: change.batchSize,
    fullBatches: change.fullBatches ?? false,
  };
}

/** Runs an attack to its end. */
export async function finishAttack(
  model: Pick<ServedModel, 'attack'>,
  spec: AttackSpec,
  inputs: readonly JobInput[],
  change: Partial<AttackJob> & { fields?: readonly AttackField[]; context?: RunContext } = {},
): Promise<{ results: AttackResult[]; summary: AttackSummary }> {
  const { context = freely(), ...rest } = change;
  const job: AttackJob = { spec, inputs, labelFree: false, progressEverySteps: 1, fields: [], ...rest };
  const results: AttackResult[] = [];
  let summary: AttackSummary | undefined;
  for await (const event of model.attack(job, context)) {
    if (event.type === 'result') results.push(event.result);
    if (event.type === 'summary') summary = event.summary;
  }
  if (summary === undefined) throw new Error('expected a summary, got none');
  return { results, summary };
}
