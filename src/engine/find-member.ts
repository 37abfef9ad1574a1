import { EngineError } from './errors.js';

/**
 * The member called `name` of a family (attacks, losses, metrics), whose list is an object literal: there the
 * compiler refuses a name that is used twice.
 *
 * @throws EngineError `INVALID_OPTION`. Thrown when the family has no such member.
 */
export function findMember<Member>(family: string, members: Readonly<Record<string, Member>>, name: string): Member {
  const member = Object.hasOwn(members, name) ? members[name] : undefined;
  if (member === undefined) {
    const names = Object.keys(members).join(', ');
    throw new EngineError('INVALID_OPTION', `expected ${family} to be one of ${names}, got ${name}`, {
      metadata: { [family]: name },
    });
  }
  return member;
}
