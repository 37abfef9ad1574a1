import { randomUUID } from 'node:crypto';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Id of a run that no other run has, here or elsewhere: `<replica>.<uuid>`. */
export const newRunId = (replica: string): string => `${replica}.${randomUUID()}`;

/** The replica that a run id names; `undefined` where it is no run id. */
export function replicaOf(id: string): string | undefined {
  const [replica = '', uuid = '', ...rest] = id.split('.');
  const isId = /^[A-Za-z0-9-]{1,63}$/.test(replica) && UUID.test(uuid) && rest.length === 0;
  return isId ? replica : undefined;
}
