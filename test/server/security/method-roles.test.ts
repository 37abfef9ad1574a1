import test from 'ava';
import { robustnessServiceDefinition } from '../../../src/server/grpc/definitions.js';
import { inferenceServiceDefinition } from '../../../src/server/inference/inference-service.js';
import { roleFor } from '../../../src/server/security/method-roles.js';
import { mayAct, type Role } from '../../../src/server/security/principal.js';

test('every method that is served asks for a role', (t) => {
  const definitions = [robustnessServiceDefinition(), inferenceServiceDefinition()];
  for (const { path } of definitions.flatMap((each) => Object.values(each))) t.truthy(roleFor(path), path);
});

test('a method that nobody knows has no role', (t) => {
  t.is(roleFor('/robustgate.v1.RobustnessService/Destroy'), undefined);
  t.is(roleFor('/other.Service/Predict'), undefined);
  t.is(roleFor('nonsense'), undefined);
});

const MAY: readonly [has: Role, may: readonly Role[]][] = [
  ['predict', ['predict']],
  ['probe', ['probe']],
  ['attack', ['predict', 'attack']],
  ['admin', ['predict', 'probe', 'attack', 'admin']],
];

for (const [has, may] of MAY) {
  test(`${has} may ${may.join(', ')}`, (t) => {
    const roles: readonly Role[] = ['predict', 'probe', 'attack', 'admin'];
    const principal = { name: 'somebody', roles: new Set([has]) };
    t.deepEqual(
      roles.filter((role) => mayAct(principal, role)),
      [...may],
    );
  });
}
