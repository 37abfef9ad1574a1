import test, { type ExecutionContext } from 'ava';
import { AttackField, AttackRequest } from '../../../src/contract/robustgate/v1/attack.js';
import { parseGatewayConfig } from '../../../src/server/index.js';
import { readAttackWish } from '../../../src/server/translate/attack-request.js';
import { modelInfo, taskInfo } from '../../support/model-info.js';

const { limits } = parseGatewayConfig({ modelRepository: 'models' });
const model = modelInfo([taskInfo('class')]);

const brings = test.macro({
  exec: (t: ExecutionContext, fields: readonly AttackField[], expected: readonly string[]) => {
    const request = AttackRequest.fromPartial({ attack: { name: 'pgd' }, fields: [...fields] });
    t.deepEqual(readAttackWish(request, model, new Set(['class']), limits).fields, expected);
  },
  title: (name = '') => `a request ${name}`,
});

test('for nothing in particular', brings, [], ['adversarial-8bit', 'label-maps']);
test('for figures alone', brings, [AttackField.NONE], []);
test('for one thing, and nothing beside', brings, [AttackField.NONE, AttackField.PERTURBATION], ['perturbation']);
test('for the same twice', brings, [AttackField.LABEL_MAPS, AttackField.LABEL_MAPS], ['label-maps']);
