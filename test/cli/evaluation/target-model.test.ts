import test from 'ava';
import { targetModel } from '../../../src/cli/evaluation/target-model.js';
import { Model } from '../../../src/contract/robustgate/v1/model.js';
import { CITYSCAPES_PALETTE } from '../../../src/engine/index.js';
import { writeModel } from '../../../src/server/translate/model-messages.js';
import { modelInfo, numberInfo, taskInfo } from '../../support/model-info.js';

test('an evaluation over the wire knows of a model what one beside it knows', (t) => {
  const tasks = [
    taskInfo('class', { palette: 'cityscapes', ignoreIndex: 255, classes: ['a', 'b', 'c'], classAxis: 0 }),
    numberInfo('depth', {
      labelScale: [0.001, 2],
      labelOffset: [1, 0],
      invalid: 0,
      weight: 3,
      unit: 'm',
      classAxis: 0,
    }),
    numberInfo('again', { isReconstruction: true, attackable: false }),
  ];
  const info = modelInfo(tasks, { sha256: 'ab' });
  const status = { name: 'model', version: '1', state: 'serving', reason: '', info, isUnloaded: false } as const;
  const wire = Model.decode(Model.encode(writeModel(status, undefined, false)).finish());
  const told = targetModel(wire);
  t.like(told, { name: 'model', version: '1', sha256: 'ab', provider: 'cpu' });
  for (const [i, task] of told.tasks.entries()) {
    const { palette, ...rest } = task;
    t.like(tasks[i], rest);
  }
  t.deepEqual(told.tasks[0]?.palette, CITYSCAPES_PALETTE);
});

test('a gateway that says nothing of labels is told to be too old', (t) => {
  const model = Model.fromPartial({ name: 'm', tasks: [{ name: 'class' }] });
  t.throws(() => targetModel(model), { name: 'UsageError', message: /older/ });
});
