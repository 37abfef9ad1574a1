import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { AttackField, Condition, type DeepPartial, RunPhase, TerminatedBy } from '../../src/clients/index.js';
import { type AttackRequest, AttackResponse } from '../../src/contract/robustgate/v1/attack.js';
import { scriptedGateway } from './scripted-gateway.js';
import { temporaryFolder } from './temporary-folder.js';

/** The accuracy of one example. */
export const accuracy = (value: number) => ({ name: 'accuracy', value, higherIsBetter: true, count: 1 });

const png = { field: AttackField.ADVERSARIAL_PNG };
const map = { field: AttackField.LABEL_MAPS, task: 'parts', condition: Condition.CLEAN };
const tensor = { field: AttackField.ADVERSARIAL_TENSOR };
const outcome = { task: 'class', attacked: true, clean: accuracy(1), adversarial: accuracy(0.25), cleanLoss: 0.5 };

/** A run of one example, with a payload of each kind. */
export const attackEvents: readonly DeepPartial<NonNullable<AttackResponse['event']>>[] = [
  {
    $case: 'started',
    value: { runId: 'r', modelName: 'street', specText: 'pgd(steps=2,eps=4)@sum(class=1)', seed: 7 },
  },
  { $case: 'progress', value: { phase: RunPhase.QUEUED, queuePosition: 2 } },
  {
    $case: 'progress',
    value: { phase: RunPhase.ATTACKING, step: 1, steps: 2, restarts: 1, losses: [{ task: 'class', value: 1.5 }] },
  },
  { $case: 'chunk', value: { exampleKey: 'a.png', payload: png, offset: 0, total: 3, data: Uint8Array.of(1, 2) } },
  { $case: 'chunk', value: { exampleKey: 'a.png', payload: png, offset: 2, total: 3, data: Uint8Array.of(3) } },
  { $case: 'chunk', value: { exampleKey: 'a.png', payload: map, offset: 0, total: 1, data: Uint8Array.of(9) } },
  {
    $case: 'chunk',
    value: { exampleKey: 'a.png', payload: tensor, offset: 0, total: 4, data: Buffer.from([0, 0, 128, 63]) },
  },
  {
    $case: 'result',
    value: {
      exampleKey: 'a.png',
      tasks: [outcome],
      perturbation: { linf: 4 },
      steps: 2,
      terminatedBy: TerminatedBy.COMPLETED,
      payloads: [
        { id: png, datatype: 'PNG', sizeBytes: 3 },
        { id: map, datatype: 'UINT8', shape: [1, 1], sizeBytes: 1 },
        { id: tensor, datatype: 'FP32', shape: [1], sizeBytes: 4 },
      ],
      warnings: [{ reason: 'ZERO_GRADIENT', message: 'nothing to follow' }],
    },
  },
  {
    $case: 'summary',
    value: { terminatedBy: TerminatedBy.COMPLETED, tasks: [outcome], exampleCount: 1, imageSteps: 2 },
  },
];

/** A gateway that answers every attack with those events, an image, and the arguments that attack it. */
export async function attackSetUp(t: ExecutionContext, onRequest: (request: AttackRequest) => void = () => {}) {
  const folder = await temporaryFolder(t);
  const image = join(folder, 'a.png');
  await writeFile(image, 'image');
  const server = await scriptedGateway(t, {
    attack: (call) => {
      onRequest(call.request);
      for (const event of attackEvents) call.write(AttackResponse.fromPartial({ event }));
      call.end();
    },
  });
  return { folder, argv: ['attack', '--server', server, '--model', 'street', '--image', image] };
}
